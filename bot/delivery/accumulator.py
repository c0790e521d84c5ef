"""Accumulate model events into drafts of the answer. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlsplit

from bot.delivery import known, urls_in
from bot.delivery.renderer import PlainRenderer
from bot.invisible import without_hidden
from bot.language import gettext, gettext_noop, quantity
from bot.types import (
    Draft,
    Finish,
    Finished,
    Footer,
    ModelEvent,
    NoteFound,
    QueuePlace,
    ReasoningDelta,
    ReplyStatus,
    RequestSent,
    SearchStarted,
    Source,
    SourceFound,
    TextDelta,
    TextWithdrawn,
    Usage,
    UsageReported,
)

LENGTH_NOTICE = gettext_noop("The answer reached its token limit and ends here.")
QUERY_CHARACTERS = 200
"""Of what is searched for, as people see it."""

FILTERED_NOTICE = gettext_noop("The model's safety filter ended the answer here.")
WORDLESS_NOTICE = gettext_noop("The model's answer has nothing in it that can be shown.")
LONGEST_WORDLESS = 2_000
"""Characters of an answer that may show nothing, as a comment of HTML; with more of them it is not looked at."""

_TRACKING = re.compile(r"(?:^|&)(?:utm_[^=&]*|fbclid|gclid)=[^&]*")


def same_page(url: str) -> str:
    """Return what all addresses of one page have in common: no fragment, no trackers, no last slash, the
    host in small.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    query = _TRACKING.sub("", parts.query).lstrip("&")
    return f"{parts.netloc.lower().removeprefix('www.')}{parts.path.rstrip('/')}?{query}"


def waiting_notice(ahead: int) -> str:
    """Return what people read whose question waits for others."""
    if not ahead:
        return gettext("Many are asking at the moment: yours is next.")
    return gettext("Many are asking at the moment: {count} before yours.").format(count=quantity(ahead, "question"))


class AnswerAccumulator:
    """One answer in the making; keeps pieces and joins them only when a draft is asked for.

    `addresses` are those that people wrote in the conversation: the text may link to them.
    """

    def __init__(self, *, addresses: frozenset[str] = frozenset()) -> None:
        self._may_link = known(addresses)
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._sources: dict[str, Source] = {}
        self._notices: list[str] = []
        self._query = ""
        self._status: ReplyStatus = "thinking"
        self._ahead: int | None = None
        self.reported: Usage | None = None
        self.finish: Finish | None = None
        self.is_cut = False
        self.has_searched = False

    @property
    def text(self) -> str:
        """The answer's text so far."""
        return "".join(self._text)

    def add(self, event: ModelEvent) -> None:
        """Take in the next value of the stream."""
        match event:
            case QueuePlace() | RequestSent() | SearchStarted():
                self._note_progress(event)
            case TextDelta(text):
                self._text.append(text)
                self._status = "writing"
            case ReasoningDelta(text):
                self._reasoning.append(text)
                self._status = "writing" if self._text else "thinking"
            case TextWithdrawn():
                self._reasoning += self._text
                self._text.clear()
                self._status = "thinking"
            case SourceFound(source):
                self.has_searched = True
                self._take_source(source)
            case NoteFound(text):
                self.note(text)
            case UsageReported(usage):
                self.reported = usage
            case Finished(reason):
                self._end(reason)

    def _end(self, reason: Finish) -> None:
        self.finish = reason
        self.is_cut = reason is Finish.LENGTH
        if reason is not Finish.STOP:
            self.note(gettext(LENGTH_NOTICE) if reason is Finish.LENGTH else gettext(FILTERED_NOTICE))
        elif self._is_wordless():
            self.note(gettext(WORDLESS_NOTICE))

    def _is_wordless(self) -> bool:
        text = self.text
        return bool(text) and len(text) <= LONGEST_WORDLESS and not without_hidden(PlainRenderer().render(text)).strip()

    def _note_progress(self, event: QueuePlace | RequestSent | SearchStarted) -> None:
        self._ahead = event.ahead if isinstance(event, QueuePlace) else None
        if isinstance(event, SearchStarted):
            self._status = "searching"
            self.has_searched = True
            self._query = " ".join(event.query.split())[:QUERY_CHARACTERS]

    def _take_source(self, source: Source) -> None:
        """Keep a page once, however its address is written, and under the title that it has anywhere."""
        key = same_page(source.url)
        kept = self._sources.setdefault(key, source)
        if not kept.title and source.title:
            self._sources[key] = replace(kept, title=source.title)

    def note(self, notice: str) -> None:
        """Tell the reader something beside the answer, once."""
        if notice not in self._notices:
            self._notices.append(notice)

    def draft(self, status: ReplyStatus | None = None, footer: Footer | None = None) -> Draft:
        """Return what people see now; from a search until the first word of text, what is searched for as well."""
        return Draft(
            status=status or self._status,
            text=self.text,
            reasoning="".join(self._reasoning),
            sources=tuple(self._sources.values()),
            notices=tuple(self._notices),
            progress="" if status else self._progress(),
            footer=footer,
            is_cut=self.is_cut,
            links=tuple(sorted(filter(self._may_link, urls_in(self.text)))),
        )

    def _progress(self) -> str:
        """Return what is waited for before the first word: others' questions, or a search and what for."""
        if self._ahead is not None:
            return waiting_notice(self._ahead)
        return gettext("Searching: {query}").format(query=self._query) if self._query and not self._text else ""
