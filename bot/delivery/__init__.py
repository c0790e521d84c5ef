"""Deliver answers: shown at the platform's pace, whole, readable in each message, and safe."""

from __future__ import annotations

from bot.delivery.addresses import known, urls_in
from bot.delivery.links import sanitize_links, stable_prefix_length
from bot.delivery.presenter import Presenter
from bot.delivery.split import Piece, Splitter, split
from bot.delivery.tables import settled_tables, tables_as_text

__all__ = [
    "Piece",
    "Presenter",
    "Splitter",
    "known",
    "sanitize_links",
    "settled_tables",
    "split",
    "stable_prefix_length",
    "tables_as_text",
    "urls_in",
]
