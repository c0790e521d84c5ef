"""Composition root: opens everything in order and closes it in reverse; only it sees the concrete classes.

What a command carries out is imported when it is: a start pays for nothing that the command does not need.
"""
