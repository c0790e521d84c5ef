"""Render a draft as messages: Markdown in pieces, then sources, notices and the footer. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from adapters.discord.api.limits import CONTENT
from adapters.discord.replies.components import Row, rows_for
from adapters.discord.replies.markdown import DiscordRenderer, to_discord
from bot.chat.reply_actions import ENDED, is_search
from bot.delivery import AnswerPieces, split
from bot.delivery.footer import SEPARATOR, footer_parts
from bot.delivery.running_text import Allowed, any_address
from bot.delivery.split import (
    IN_A_FILE,
    NOTHING_SHOWN,
    TO_COME,
    AnswerFile,
    file_of,
    is_for_file,
    most_messages,
)
from bot.language import gettext, gettext_noop
from bot.types import Draft, Picture, Source, Turn

TITLE: Final = 120
"""Characters of a source's title, so that twenty of them fit into one or two messages."""

MESSAGES: Final = 5
"""How many messages an answer may have, unless people have set that."""

SMALL: Final = "-# "
"""What begins a line of small print."""

THINKING: Final = gettext_noop("-# Thinking…")
SEARCHING: Final = gettext_noop("-# Searching the web…")
NO_ANSWER: Final = gettext_noop("-# There is no answer.")
NO_SOURCES: Final = gettext_noop("I found no sources for this; the answer comes from what the model knows.")
MENTION_ME: Final = gettext_noop(
    "To continue here, mention me or reply to me: I cannot read other messages on this server."
)
NO_SEARCH: Final = gettext_noop(
    "This was answered without the web: the small local model cannot search. "
    "Web search needs the Seed endpoint (SEED_API_KEY)."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Content of one message, and the file beside it."""

    content: str
    rows: tuple[Row, ...] = ()
    file: AnswerFile | Picture | None = None


class Renderer:
    """The pages of one turn's growing answer.

    `searches` says whether the model in use can search the web; `hint` stands under the answer when it has ended,
    `head` above it. While it `attaches`, an answer of too many messages is a first page and a file.
    """

    def __init__(self, turn: Turn, *, searches: bool = True, hint: str = "", head: str = "") -> None:
        self._turn = turn
        self._hint = hint
        self._searches = searches
        self._answer = AnswerPieces(DiscordRenderer(), limit=CONTENT, head=head)
        self._most = most_messages(turn.incoming, MESSAGES)
        self.attaches = True

    def pages(self, draft: Draft) -> list[Page]:
        """One message or more; the last one has the buttons."""
        growing = draft.status not in ENDED
        pieces = self._answer.divide(draft, growing=growing, most=self._most if self.attaches else None)
        contents = [piece.shown for piece in pieces if piece.shown.strip()]
        if self.attaches and draft.text and is_for_file(draft, len(contents), self._most):
            return self._growing_pages(contents, draft) if growing else [self._with_file(draft)]
        contents = _joined(contents, self._tail(draft)) or [gettext(NO_ANSWER)]
        *before, last = contents
        return [*(Page(content=item) for item in before), Page(content=last, rows=rows_for(draft, self._turn))]

    def _growing_pages(self, contents: Sequence[str], draft: Draft) -> list[Page]:
        """Return as many pages as an answer may have, while more is being written."""
        *before, last = contents[: self._most]
        below = f"{SMALL}{gettext(TO_COME)}"
        last = f"{split(last, limit=CONTENT - len(below) - 2)[0].shown}\n\n{below}"
        return [*(Page(content=item) for item in before), Page(content=last, rows=rows_for(draft, self._turn))]

    def _with_file(self, draft: Draft) -> Page:
        """Return the one message of an answer that is in a file: the first page, unless it was asked for as a file."""
        tail = self._tail(replace(draft, sources=()))
        if draft.file_name:
            shown = "\n".join(tail or [gettext(NOTHING_SHOWN)])
        else:
            below = "\n".join([f"{SMALL}{gettext(IN_A_FILE)}", *tail])[: CONTENT // 2]
            shown = f"{self._answer.first(CONTENT - len(below) - 2)}\n\n{below}"
        return Page(content=shown[:CONTENT], rows=rows_for(draft, self._turn), file=file_of(draft))

    def whole_in_file(self, draft: Draft, note: str) -> Page:
        """Return a message that says `note` and has the whole answer as its file, whatever people have set."""
        return Page(content=note, rows=rows_for(draft, self._turn), file=file_of(draft))

    def _tail(self, draft: Draft) -> list[str]:
        """Return what stands under the text, block by block."""
        if draft.status not in ENDED:
            return [*_notes(draft.notices), *_status(draft)]
        blocks = [sources_text(draft.sources)] if draft.sources else []
        notices = list(draft.notices)
        if draft.status == "done" and is_search(self._turn) and not draft.sources:
            notices.extend({gettext(NO_SOURCES) if self._searches else gettext(NO_SEARCH)} - set(notices))
        blocks += _notes(notices) if draft.text else notices
        blocks += _notes([self._hint] if self._hint else [])
        if draft.status == "stopped":
            blocks.append(gettext("-# Stopped."))
        if draft.footer is not None:
            blocks.append(f"{SMALL}{SEPARATOR.join(footer_parts(draft.footer))}")
        return blocks


def _status(draft: Draft) -> list[str]:
    """Return what is being done: said while there is no text yet, and where it takes long."""
    if draft.progress:
        return _notes([draft.progress])
    status = {"searching": SEARCHING, "thinking": THINKING}.get(draft.status, "" if draft.notices else THINKING)
    return [] if draft.text or not status else [gettext(status)]


def plain_pages(markdown: str, *, allowed: Allowed = any_address, rows: tuple[Row, ...] = ()) -> list[Page]:
    """Return a text that is no answer, as what a command tells; `rows` stand below the last page."""
    pages = [Page(content=piece.shown) for piece in split(to_discord(markdown, allowed=allowed), limit=CONTENT)]
    return [*pages[:-1], *(replace(page, rows=rows) for page in pages[-1:])]


def sources_text(sources: Sequence[Source]) -> str:
    """Return a numbered list of links whose previews are off."""
    lines = [f"{number}. {_link(source)}" for number, source in enumerate(sources, start=1)]
    return "\n".join((f"**{gettext('Sources')}**", *lines))


def _link(source: Source) -> str:
    title = " ".join(source.title.split()) or re.sub(r"^https?://", "", source.url)
    title = title if len(title) <= TITLE else f"{title[: TITLE - 1]}…"
    label = re.sub(r"([\[\]()*_`~|\\<>])", r"\\\1", re.sub(r"https?://", "", title))
    if not re.fullmatch(r"https?://[^\s<>]+", source.url):
        return label
    return f"[{label}](<{source.url}>)"


def _notes(notices: Sequence[str]) -> list[str]:
    return [f"-# {' '.join(notice.split())}" for notice in notices]


def _joined(contents: list[str], tail: list[str]) -> list[str]:
    """Return the tail behind the last message where it fits, in further ones where it does not."""
    if not tail:
        return contents
    text = "\n".join(tail)
    if contents and len(contents[-1]) + len(text) + 2 <= CONTENT:
        return [*contents[:-1], f"{contents[-1]}\n\n{text}" if contents[-1] else text]
    return [*contents, *(piece.shown for piece in split(text, limit=CONTENT))]
