"""What paints pictures."""

from __future__ import annotations

from typing import Protocol

from bot.types import Chart


class ChartPainter(Protocol):
    """Paints charts that are readable on a light and on a dark ground."""

    async def paint(self, chart: Chart) -> bytes:
        """Return a chart as PNG."""
        ...
