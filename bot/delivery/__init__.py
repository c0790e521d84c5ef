"""Delivery: a reply becomes visible at the platform's pace, whole, readable in each message, and without traps."""

from __future__ import annotations

from bot.delivery.presenter import Presenter
from bot.delivery.splitting import Piece, Splitter, split

__all__ = ["Piece", "Presenter", "Splitter", "split"]
