"""Web search over a small built-in corpus, and the forms in which its pages are told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MOST_PAGES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of the corpus; the addresses are reserved for examples (RFC 2606) and lead nowhere."""

    url: str
    title: str
    text: str
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """A page and the place in the answer that rests on it, as a range of characters."""

    page: Page
    start: int
    end: int


CORPUS: tuple[Page, ...] = (
    Page(
        url="https://tides.example.org/spring-and-neap",
        title="Spring and neap tides",
        text="Spring tides come twice a month, when sun and moon pull along one line. Neap tides come in between.",
        date="2026-03-02",
    ),
    Page(
        url="https://python.example.org/releases/3.14",
        title="Python 3.14 release notes",
        text="Python 3.14 was released in October 2025. It brings template strings and deferred annotations.",
        date="2025-10-07",
    ),
    Page(
        url="https://garden.example.net/tomatoes?soil=clay&lang=en",
        title="Growing tomatoes on clay soil",
        text="Tomatoes need six hours of sun. On clay soil mix in compost before planting and water at the root.",
        date="2026-04-18",
    ),
    Page(
        url="https://space.example.com/moon/missions",
        title="Missions to the moon: a calendar",
        text="The calendar of moon missions lists each launch with its date. The moon is 384,400 km away on average.",
        date="2026-06-30",
    ),
    Page(
        url="https://museum.example.org/opening_(hours)",
        title="Opening hours [summer]",
        text="In summer the museum opens from ten to six, on Thursdays until nine. Admission is free on Sundays.",
        date="2026-06-01",
    ),
    Page(
        url="https://recipes.example.net/bread/sourdough",
        title="Sourdough bread for beginners",
        text="Sourdough bread needs flour, water, salt and time. Let the dough rise for twelve hours in a cool place.",
        date="2026-01-11",
    ),
    Page(
        url="https://news.example.com/team-chat/rate-limits",
        title="Rate limits in team chat",
        text="Team chat services limit how often a bot may post. A bot that edits its message once per second is safe.",
        date="2026-05-20",
    ),
    Page(
        url="https://energy.example.org/wind/öresund",
        title="Wind power in the Öresund",
        text="Wind power from the Öresund covered a third of the region's demand. New turbines are planned for 2028.",
        date="2026-02-14",
    ),
)

_WORD = re.compile(r"[^\W_]{3,}")


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)}


def search(query: str) -> tuple[Page, ...]:
    """At most `MOST_PAGES` pages that share words with `query`, the best first; the first pages when none does."""
    wanted = _words(query)
    ranked = sorted(CORPUS, key=lambda page: -len(wanted & _words(f"{page.title} {page.text}")))
    found = [page for page in ranked if wanted & _words(f"{page.title} {page.text}")]
    return tuple((found or ranked)[:MOST_PAGES])


def results_text(pages: Sequence[Page]) -> str:
    """What the search tool hands to the model; it is input and is counted."""
    return "\n\n".join(f"{page.title}\n{page.url}\n{page.date}\n{page.text}" for page in pages)


def nested_annotation(cited: Cited) -> dict[str, Any]:
    """An annotation of OpenAI's chat completions."""
    place = {"url": cited.page.url, "title": cited.page.title, "start_index": cited.start, "end_index": cited.end}
    return {"type": "url_citation", "url_citation": place}


def flat_annotation(cited: Cited) -> dict[str, Any]:
    """An annotation of OpenAI's responses."""
    return {
        "type": "url_citation",
        "url": cited.page.url,
        "title": cited.page.title,
        "start_index": cited.start,
        "end_index": cited.end,
    }


def ark_annotation(cited: Cited) -> dict[str, Any]:
    """An annotation of the provider's own search: flat, without a place in the text."""
    page = cited.page
    return {
        "type": "url_citation",
        "title": page.title,
        "url": page.url,
        "logo_url": "",
        "site_name": page.url.split("/")[2],
        "publish_time": page.date,
        "summary": page.text,
        "freshness_info": "",
    }


def result_rows(pages: Sequence[Page]) -> list[dict[str, Any]]:
    """`search_results` as Perplexity-like services put them at the top level."""
    return [{"title": page.title, "url": page.url, "date": page.date} for page in pages]


def reference_rows(pages: Sequence[Page]) -> list[dict[str, Any]]:
    """`references` as the provider's bots put them at the top level."""
    return [
        {
            "url": page.url,
            "title": page.title,
            "site_name": page.url.split("/")[2],
            "summary": page.text,
            "publish_time": page.date,
        }
        for page in pages
    ]


def reference_block(pages: Sequence[Page]) -> str:
    """The list that the gateway's formatting puts under an answer."""
    lines = [f"[{number}] {page.title} - {page.url}" for number, page in enumerate(pages, 1)]
    return "\n\nReferences:\n" + "\n".join(lines)
