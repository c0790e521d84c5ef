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
    sheet = (HOME / "static" / "base.css").read_text()
    blocks = re.findall(r"(:root[^{]*)\{([^}]*)\}", sheet)
    values = [dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", body)) for _, body in blocks]
    light, by_system, chosen = values
    assert by_system == chosen, "dark by system and dark by choice are the same"
    return {"light": light, "dark": chosen}


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


@pytest.mark.parametrize("part", ["head", "cached", "new"])
def test_the_parts_of_a_bar_stand_out_from_their_ground(part: str) -> None:
    colours = re.findall(rf"--bar-{part}: (#[0-9a-f]{{6}});", (ROOM / "static" / "context.css").read_text())
    light, by_system, chosen = colours
    assert by_system == chosen
    themes = _themes()
    for colour, theme in ((light, "light"), (chosen, "dark")):
        assert _contrast(colour, themes[theme]["ground-2"]) >= LEAST_OF_SHAPES


def test_initials_stand_out_from_every_avatar() -> None:
    sheet = (ROOM / "static" / "message.css").read_text()
    hues = re.findall(r"\.hue-\d+ \{ background: (#[0-9a-f]{6}); \}", sheet)
    assert len(hues) == HUES
    assert min(_contrast("#ffffff", hue) for hue in hues) >= LEAST
