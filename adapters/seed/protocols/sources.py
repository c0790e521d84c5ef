"""Sources of an answer, in the many shapes in which servers report them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from adapters.seed import json_coerce
from bot.types import Source

TITLE_CHARACTERS = 300
URL_CHARACTERS = 2_000
HEADING = re.compile(r"^[ \t]*(?:#{1,6}[ \t]*|\*{1,2})?(?:References|Sources)\b[^\n]*$", re.IGNORECASE | re.MULTILINE)
LINK = re.compile(r"\[(?P<title>[^\[\]\n]{1,300})\]\((?P<linked>https?://[^\s)]+)\)|(?P<bare>https?://[^\s<>\"'`\])]+)")
LIST_MARK = re.compile(r"^[\s>*\-\d.\[\]():]+|(?<![\s\-:|\u2013\u2014])[\s\-:|\u2013\u2014]++$")


def source_of(raw: object) -> Source | None:
    """One source from an address, an OpenAI annotation (nested or flat), an Ark one or a search result."""
    if isinstance(raw, str):
        return _source(raw, "")
    body = json_coerce.mapping(raw)
    nested = json_coerce.mapping(body.get("url_citation"))
    body = nested or body
    url = json_coerce.text(body.get("url")) or json_coerce.text(body.get("link")) or json_coerce.text(body.get("uri"))
    return _source(url, json_coerce.text(body.get("title")) or json_coerce.text(body.get("site_name")))


def sources_in_text(text: str) -> list[Source]:
    """Return the sources that an answer names in its own words: those of its last References block, else
    every address.
    """
    headings = list(HEADING.finditer(text))
    part = text[headings[-1].end() :] if headings else text
    found: dict[str, Source] = {}
    for line in part.splitlines():
        for source in _links(line, is_listed=bool(headings)):
            found.setdefault(source.url, source)
    return list(found.values())


def _links(line: str, *, is_listed: bool) -> Iterator[Source]:
    """Yield the addresses in a line; in a list the words before the first one are its title."""
    for index, match in enumerate(LINK.finditer(line)):
        before = LIST_MARK.sub("", line[: match.start()]) if is_listed and index == 0 else ""
        url = match["linked"] or match["bare"].rstrip(".,;:!?*_")
        source = _source(url, match["title"] or before)
        if source is not None:
            yield source


def _source(url: str, title: str) -> Source | None:
    url = url.strip()
    if not re.match(r"https?://[^\s/]", url) or len(url) > URL_CHARACTERS:
        return None
    return Source(url=url, title=" ".join(title.split())[:TITLE_CHARACTERS])
