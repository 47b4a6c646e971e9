"""Runs and steps as step code has them: what is recorded now, in which scope, with what code, and how it ended.

Step code starts with these modules, so they import nothing that is not needed to begin a run.
"""
