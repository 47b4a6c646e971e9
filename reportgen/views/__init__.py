"""Views: one frozen struct for each template, made from the model.

Sorting, arithmetic and formatting happen here; templates loop and ask whether something is there.
Each module makes the pages of one template and has its name.
"""
