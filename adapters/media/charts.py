"""Paint charts with Pillow: on a dark ground of their own, so that they are readable in light and in dark windows."""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import Final

from bot.types import Chart

WIDTH: Final = 1200
HEIGHT: Final = 480
LEFT: Final = 150
RIGHT: Final = 40
TOP: Final = 90
BOTTOM: Final = 60
LABELS: Final = 8
"""Names under the bars that have room beside each other."""

GROUND: Final = "#1c2420"
LINE: Final = "#4b5850"
TEXT: Final = "#eef3f0"
FAINT: Final = "#b9c6be"
BAR: Final = "#6cc795"  # 8:1 against the ground
TITLE_SIZE: Final = 30
TEXT_SIZE: Final = 24


class PillowCharts:
    """A `ChartPainter` that needs no browser."""

    async def paint(self, chart: Chart) -> bytes:
        """Return a chart as PNG, painted beside the event loop."""
        return await asyncio.to_thread(_paint, chart)


def _drawable(text: str) -> str:
    """Return a text in signs that the font of Pillow has: languages write money with blanks of other kinds."""
    return "".join(" " if sign.isspace() else sign for sign in text)


def _paint(chart: Chart) -> bytes:
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 - loaded with the first picture, not with the bot

    picture = Image.new("RGB", (WIDTH, HEIGHT), GROUND)
    draw = ImageDraw.Draw(picture)
    title, text = ImageFont.load_default(TITLE_SIZE), ImageFont.load_default(TEXT_SIZE)
    ground = HEIGHT - BOTTOM
    draw.text((RIGHT, TOP / 2), _drawable(chart.title), fill=TEXT, font=title, anchor="lm")
    draw.line((LEFT, TOP, WIDTH - RIGHT, TOP), fill=LINE)
    draw.line((LEFT, ground, WIDTH - RIGHT, ground), fill=FAINT, width=2)
    draw.text((LEFT - 14, TOP), _drawable(chart.top), fill=FAINT, font=text, anchor="rm")
    draw.text((LEFT - 14, ground), "0", fill=FAINT, font=text, anchor="rm")
    highest = max((bar.value for bar in chart.bars), default=0.0)
    room = (WIDTH - LEFT - RIGHT) / max(1, len(chart.bars))
    every = -(-len(chart.bars) // LABELS)
    for number, bar in enumerate(chart.bars):
        left = LEFT + number * room
        height = (ground - TOP) * bar.value / highest if highest else 0
        if bar.value:
            top = min(ground - 2, ground - height)
            draw.rectangle((left + room * 0.1, top, left + room * 0.9, ground - 1), fill=BAR)
        if number % every == 0:
            draw.text((left + room / 2, ground + BOTTOM / 2), bar.label, fill=FAINT, font=text, anchor="mm")
    written = BytesIO()
    picture.quantize(32).save(written, "PNG", optimize=True)
    return written.getvalue()
