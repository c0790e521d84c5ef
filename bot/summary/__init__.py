"""Summarise channels and threads; every point names the messages that it rests on (docs/summaries.md)."""
