"""Write a message with all its parts as Markdown for the model.

Each part but a table begins with its mark in square brackets, and what belongs to it is indented or, in a quote, begins
with "> ". No text can pass for a mark or for the label of an entry: a line that would gets a backslash in front. What
people typed themselves is found in Markdown again, without parts and quotations. Pure.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from bot.context.transcript import as_seen, plain_name, plain_text
from bot.invisible import HIDDEN
from bot.types.content import (
    Card,
    ForumPost,
    MessageContent,
    Notice,
    Part,
    Passage,
    Poll,
    Quote,
    ReplyTo,
    Sticker,
    Table,
)

MESSAGE_CHARACTERS: Final = 8_000
PART_CHARACTERS: Final = 2_000  # of a card, a table, a poll
TITLE_CHARACTERS: Final = 300
LINK_CHARACTERS: Final = 1_000
BEGINNING_CHARACTERS: Final = 120
"""Characters at most; what is left out is counted in a line of its own, or shown as "..." within a line."""

MOST_COMPARED: Final = 20
"""Parts that are compared with the text, which each time is read again."""

REPLY_TO_GONE: Final = "[in reply to a message that is gone]"

_INDENT: Final = "  "
_IN_REPLY = re.compile(r"(^|: )\[in reply to [^\]\n]*\]$", re.MULTILINE)  # the first: it stands before what is typed
_BRACKETED = re.compile(rf"^(?=(?:[^\S\n]|[{HIDDEN}>])*[\[\uff3b]([^\n]*))", re.MULTILINE)
_MARK_LIKE = re.compile(
    r" ?(?:card|poll|sticker|system message|forum post|forwarded|linked message|start of the|in reply|replied-to|cut)"
    r"\b",
    re.IGNORECASE,
)
_ROUND = str.maketrans("[]\uff3b\uff3d", "()()")  # so that nothing ends the mark around it
_WORD = re.compile(r"[^\W_]+")
_NUMBERING = re.compile(r"^[^\S\n]*+\d{1,9}[.)](?=\s)", re.MULTILINE)
_CUT = re.compile(r"\n[> ]*+\[cut: ([\d,]{1,20}) more characters\]")
_CELL_BREAK = re.compile(r"\s+")
# Quotations of one line, and of all that follows: Slack and Discord have both.
_QUOTATION = r"^>>>\s.*|^[>\uff1e][^\n]*$"
_QUOTED = re.compile(rf"```.*?(?:```|\Z)|`[^`\n]*`|{_QUOTATION}", re.DOTALL | re.MULTILINE)
_QUOTATIONS = re.compile(_QUOTATION, re.DOTALL | re.MULTILINE)


def render(content: MessageContent, *, most: int = MESSAGE_CHARACTERS) -> str:
    """Return a message as the model reads it, of at most `most` characters and a line that tells what is cut."""
    text = _plain(content.text)
    said = _words(text)
    written = [_post(content.post)] if content.post else []
    written += [_reply(content.reply_to)] if content.reply_to else []
    written += [text] if text else []
    block = "\n".join(written)
    parts = (
        _part(item, said if number < MOST_COMPARED else "") for number, item in enumerate(dict.fromkeys(content.parts))
    )
    return cut("\n\n".join(filter(None, (block, *parts))), most)


def repeats(text: str, said: str) -> bool:
    """Return whether `said` holds all the words of `text` in their order, whatever their marks and line breaks."""
    words = _words(text)
    return text.strip() in said if not words.strip() else words in _words(said)


def beginning(content: MessageContent) -> str:
    """Return the first words of a message on one line, as a reply names the message that it answers."""
    return _line(render(replace(content, reply_to=None), most=BEGINNING_CHARACTERS * 4), BEGINNING_CHARACTERS)


def without_replied_to(rendered: str) -> str:
    """Return a rendered message, or its entry, without the words of the message that it replies to: that is gone."""
    return _IN_REPLY.sub(lambda mark: f"{mark[1]}{REPLY_TO_GONE}", rendered, count=1)


def typed_text(rendered: str) -> str:
    """Return what somebody typed of a rendered message: its text without parts, quotes and what it answers."""
    kept: list[str] = []
    is_part = False
    for line in rendered.split("\n"):
        is_part = _is_marked(line) or (is_part and line[:2] in {"", _INDENT})
        if not is_part and not line.startswith(">"):
            is_escaped = line.startswith("\\") and _is_marked(line[1:])
            kept.append(line[1:] if is_escaped else line)
    return "\n".join(kept).strip()


def without_quotes(text: str) -> str:
    """Return a text in Markdown without code and quotations: who is mentioned in them is not called."""
    return _QUOTED.sub(" ", text)


def own_words(text: str) -> str:
    """Return a text in Markdown without quotations, or all of it where it is nothing else."""
    return _QUOTATIONS.sub(" ", text).strip() or text


# ---------------------------------------------------------------- parts


def _part(part: Part, said: str) -> str:
    """Return one part with its mark; "" for one that only repeats the words of the message."""
    if isinstance(part, Card):
        return _card(part, said)
    return _RENDERINGS[type(part)](part)


def _card(card: Card, said: str) -> str:
    text = "" if _is_said(card.text, said) else card.text
    named = (part for field in card.fields for part in (field.name, field.value))
    told = (card.title, card.source, card.footer, card.link, *named)
    if not text and all(_is_said(item, said) for item in told):
        return ""
    title, source = _line(card.title), _line(card.source)
    heading = ": ".join(filter(None, (source, title)))
    link = _line(card.link, LINK_CHARACTERS)
    lines = [text, *(_field(field.name, field.value) for field in card.fields)]
    lines += [f"({_line(card.footer)})"] if card.footer.strip() else []
    return _marked("card", " ".join(filter(None, (heading, f"<{link}>" if link else ""))), lines)


def _field(name: str, value: str) -> str:
    return ": ".join(filter(None, (_line(name) if as_seen(name) else "", value.strip())))


def _poll(poll: Poll) -> str:
    rules = [f"({_line(poll.rules)})"] if poll.rules else []
    options = (
        f"- {_line(option.text)}" if option.votes is None else f"- {_line(option.text)}: {_votes(option.votes)}"
        for option in poll.options
    )
    return _marked("poll, closed" if poll.is_closed else "poll, open", _line(poll.question), [*options, *rules])


def _votes(number: int) -> str:
    return "1 vote" if number == 1 else f"{number:,} votes"


def _sticker(sticker: Sticker) -> str:
    return _marked("sticker", _line(sticker.name), ())


def _notice(notice: Notice) -> str:
    return _marked("system message", _line(notice.text), ())


def _passage(passage: Passage) -> str:
    return _plain(passage.text)


def _table(table: Table) -> str:
    if not any(table.rows):
        return ""
    header, *rows = table.rows
    lines = [_row(header), "|" + "---|" * len(header), *map(_row, rows)]
    caption = _plain(_line(table.caption))
    return "\n".join(filter(None, (caption, cut("\n".join(lines), PART_CHARACTERS))))


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_CELL_BREAK.sub(" ", cell).strip().replace("|", "\\|") for cell in cells) + " |"


def _quote(quote: Quote) -> str:
    author = f" from {plain_name(quote.author)}" if quote.author.strip() else ""
    place = f" in {plain_name(quote.place)}" if quote.place.strip() else ""
    files = "\n".join(f"(file: {plain_name(file_)})" for file_ in quote.files)
    inner = "\n".join(filter(None, (f"[{quote.kind}{author}{place}]", render(quote.content), files)))
    return "\n".join(f"> {line}".rstrip() for line in inner.split("\n"))


def _reply(reply: ReplyTo) -> str:
    if not reply.is_told:
        return "[in reply to another message]"
    if not reply.beginning.strip():
        return f"[in reply to a message of {plain_name(reply.author)}]" if reply.author.strip() else REPLY_TO_GONE
    whom = f"{plain_name(reply.author)}: " if reply.author.strip() else ""
    return f"[in reply to {whom}{_line(reply.beginning, BEGINNING_CHARACTERS).translate(_ROUND)}]"


def _post(post: ForumPost) -> str:
    tags = f" (tags: {', '.join(map(_line, post.tags))})" if post.tags else ""
    return f"[forum post] {_line(post.title)}{tags}"


_RENDERINGS: Final[dict[type, Callable[[Any], str]]] = {
    Poll: _poll,
    Sticker: _sticker,
    Notice: _notice,
    Passage: _passage,
    Table: _table,
    Quote: _quote,
}


# ---------------------------------------------------------------- words


def _marked(mark: str, heading: str, lines: Sequence[str]) -> str:
    """Return a part under its mark: the heading beside it, the lines indented below."""
    body = "\n".join(filter(None, map(_plain, lines)))
    body = cut(body, _fitting(body, PART_CHARACTERS - len(heading)))
    return "\n".join((f"[{mark}] {heading}".rstrip(), *(_indented(body) if body else ())))


def _fitting(text: str, room: int) -> int:
    """Return how many characters of a text have room together with the indentation of their lines."""

    def indented(length: int) -> int:
        return length + len(_INDENT) * (1 + text.count("\n", 0, length))

    return max(0, bisect_right(range(room + 1), room, key=indented) - 1)


def _indented(text: str) -> Iterator[str]:
    return (f"{_INDENT}{line}".rstrip() for line in text.split("\n"))


def _plain(text: str) -> str:
    """Return a text of people, in which no line looks like a label or a mark."""
    return _BRACKETED.sub(lambda bracket: "\\" if _opens_mark(bracket) else "", plain_text(text))


def _is_marked(line: str) -> bool:
    """Return whether a line begins like a mark, as people see it."""
    bracket = _BRACKETED.match(line)
    return bracket is not None and _opens_mark(bracket)


def _opens_mark(bracket: re.Match[str]) -> bool:
    return _MARK_LIKE.match(as_seen(bracket[1])) is not None


def _line(text: str, most: int = TITLE_CHARACTERS) -> str:
    """Return a text on one line, shortened where it is longer than `most` characters."""
    line = " ".join(text[: most * 4].split())
    return line if len(line) <= most and len(text) <= most * 4 else f"{line[:most].rstrip()} ..."


def cut(text: str, most: int) -> str:
    """Return the first `most` characters of a text, and a line that tells how many more there are.

    What was cut of it before counts as well, and nothing is cut for the sake of such a line.
    """
    if len(text) <= most:
        return text
    before = [told for told in _CUT.finditer(text) if told.end() > most]
    end = min(most, *(told.start() for told in before), len(text))
    missing = len(text) - end + sum(int(told[1].replace(",", "")) - len(told[0]) for told in before)
    return f"{text[:end]}\n[cut: {missing:,} more characters]"


def _words(text: str) -> str:
    """Return the words of a text with a space around each, so that only whole ones are found in it."""
    return f" {' '.join(_WORD.findall(_NUMBERING.sub('', text).casefold()))} "


def _is_said(text: str, said: str) -> bool:
    return not text.strip() or (_words(text).strip() != "" and _words(text) in said)
