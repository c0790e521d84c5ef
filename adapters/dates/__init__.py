"""Words that tell a time, as people write them: "yesterday 9am", "last week", "gestern"; read by dateparser."""

from adapters.dates.date_words import DateWords

__all__ = ["DateWords"]
