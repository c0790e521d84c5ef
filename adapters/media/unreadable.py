"""Error for a file that cannot be read, inside this package; outside it is a value."""

from __future__ import annotations


class Unreadable(Exception):
    """The file cannot be read; the message is a clause that names the limit it breaks."""
