"""The commands that people type: one file for each, everything else about them derived."""
