"""Every text colour of the playground reads well on the grounds it stands on, light and dark (WCAG 2.1, 1.4.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from adapters.web.frame.application import HOME
from adapters.web.playground.message_view import HUES
from adapters.web.playground.platform import ROOM

LEAST = 4.5
LEAST_OF_SHAPES = 3.0
"""WCAG 2.1, 1.4.11."""
PAIRS = [
    *((text, ground) for text in ("text", "text-2", "accent") for ground in ("ground", "ground-2", "raised", "hover")),
    ("text", "ground-3"),
    ("text", "accent-soft"),
    ("text-2", "accent-soft"),
    ("accent-strong", "accent-soft"),
    ("on-accent", "accent"),
    ("warn", "warn-soft"),
    ("danger", "danger-soft"),
    ("danger", "ground"),
    *((f"tok-{name}", "code") for name in ("keyword", "string", "number", "name", "comment", "class")),
]


def _themes() -> Mapping[str, Mapping[str, str]]:
    """Return the colours of each theme by their names."""
    sheet = "".join(path.read_text() for path in (HOME / "static" / "base.css", ROOM / "static" / "panels.css"))
    found = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", sheet)
    return {"light": {name: light for name, light, _ in found}, "dark": {name: dark for name, _, dark in found}}


def _luminance(colour: str) -> float:
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS, ids=str)
def test_text_stands_out_from_its_ground(theme: str, text: str, ground: str) -> None:
    colours = _themes()[theme]
    assert _contrast(colours[text], colours[ground]) >= LEAST


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("part", ["system", "cached", "new"])
def test_the_parts_of_a_bar_stand_out_from_their_ground(theme: str, part: str) -> None:
    colours = _themes()[theme]
    assert _contrast(colours[f"bar-{part}"], colours["ground-2"]) >= LEAST_OF_SHAPES


def test_initials_stand_out_from_every_avatar() -> None:
    sheet = (ROOM / "static" / "message.css").read_text()
    hues = re.findall(r"\.hue-\d+ \{ background: (#[0-9a-f]{6}); \}", sheet)
    assert len(hues) == HUES
    assert min(_contrast("#ffffff", hue) for hue in hues) >= LEAST
