"""Charts: pictures that are readable on any ground, whatever is in them."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from adapters.media.charts import BAR, GROUND, HEIGHT, TEXT, WIDTH, PillowCharts
from bot.types import Bar, Chart

DAYS = tuple(Bar(label=f"11-{number:02}", value=number % 3) for number in range(1, 31))


def brightness(colour: str) -> float:
    """The relative luminance of a colour (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colour", [BAR, TEXT])
def test_what_is_painted_stands_out_from_its_ground(colour: str) -> None:
    assert (brightness(colour) + 0.05) / (brightness(GROUND) + 0.05) > 7


@pytest.mark.parametrize(
    "bars",
    [
        pytest.param((), id="none"),
        pytest.param((Bar(label="11-01", value=0),) * 2, id="nothing"),
        pytest.param(DAYS, id="a-month"),
        pytest.param(DAYS * 4, id="many"),
        pytest.param((Bar(label="11-01", value=1e12), Bar(label="11-02", value=1e-12)), id="far-apart"),
    ],
)
async def test_a_chart_is_painted_whatever_stands_in_it(bars: tuple[Bar, ...]) -> None:
    chart = Chart(title="2026-11-01 / 2026-11-30   1\u202f234,50\u00a0$", bars=bars, top="$2.00", alt="")
    data = await PillowCharts().paint(chart)
    with Image.open(BytesIO(data)) as picture:
        assert (picture.format, picture.size) == ("PNG", (WIDTH, HEIGHT))
        found = {colour for _, colour in picture.convert("RGB").getcolors() or ()}
    painted = tuple(int(BAR[at : at + 2], 16) for at in (1, 3, 5))
    assert (painted in found) == any(bar.value for bar in bars)
    assert len(data) < 40_000
