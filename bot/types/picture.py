"""Charts as values, and pictures as they are sent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar: its name below, and its height, which is not below 0."""

    label: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars beside each other; `top` is what the highest one comes to, `alt` the whole in words."""

    title: str
    bars: tuple[Bar, ...]
    top: str
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A PNG file, with what it shows in words for those who do not see it."""

    name: str
    data: bytes
    alt: str
