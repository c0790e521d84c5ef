"""Turns: how they are taken, run, ended and gone on with."""
