"""Turns what step code hands over into what a record can hold, or says exactly what it cannot take.

Nothing heavy is imported here: NumPy, pandas, matplotlib and PIL objects are known by what they can do.
"""
