"""Summaries of channels and threads in which every point names the messages that it rests on (docs/summaries.md)."""
