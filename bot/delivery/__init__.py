"""Deliver answers: shown at the platform's pace, whole, readable in each message, and safe."""

from __future__ import annotations

from bot.delivery.addresses import known, urls_in
from bot.delivery.answer_pieces import AnswerPieces
from bot.delivery.incremental import IncrementalRenderer
from bot.delivery.presenter import Presenter
from bot.delivery.renderer import MarkdownRenderer
from bot.delivery.split import Piece, Splitter, split

__all__ = [
    "AnswerPieces",
    "IncrementalRenderer",
    "MarkdownRenderer",
    "Piece",
    "Presenter",
    "Splitter",
    "known",
    "split",
    "urls_in",
]
