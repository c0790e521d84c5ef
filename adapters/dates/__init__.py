"""Read times as people write them, such as "yesterday 9am", "last week" or "gestern", with dateparser."""

from adapters.dates.date_words import DateWords

__all__ = ["DateWords"]
