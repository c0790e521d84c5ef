"""Convert blocks, rich text among them, to text, tables and cards: whatever of them people can read. Pure.

Names stand for ids, nothing is escaped, and malformed blocks are ignored.

https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

from adapters.slack.elements import Content, Element
from adapters.slack.mrkdwn import to_plain
from adapters.slack.replies.rendering import is_below_answer
from bot.chat.payload import records_of, words_of
from bot.types.content import Card, Table

Names = Mapping[str, str]
"""The names of people, channels and groups by id."""

MOST_DEPTH: Final = 8
"""Levels of blocks within blocks that are read; Slack nests four at most."""

_LINK = re.compile(r"<(?P<url>(?:https?|ftp|mailto|tel):[^<>|\n]+)(?:\|(?P<label>[^<>\n]*))?>", re.IGNORECASE)
_INDENT: Final = "    "
_MOST_INDENT: Final = 8
_MOST_BACKTICKS: Final = 100

Piece = str | Table | Card

# The fields that hold words, in the order in which they are shown; a block has few of them.
_SHOWN: Final = (
    *("rich_text_title", "title", "subtitle", "label", "text", "fields", "body", "description", "hint", "details"),
    *("output", "sources", "tasks", "elements", "accessory", "element", "child_blocks", "blocks", "actions"),
)
_BESIDE: Final = frozenset({"context", "actions"})  # blocks whose elements stand beside each other
_TASKS: Final = frozenset({"task_card", ""})  # those of a plan need not tell their type
_WORDLESS: Final = frozenset({"divider", "context_actions", "feedback_buttons", "icon_button"})


def readable(text: str, names: Names) -> str:
    """Return mrkdwn with names in place of ids, links with their addresses, and everything else as it was typed."""
    parts: list[str] = []
    end = 0
    for match in _LINK.finditer(text):
        parts.append(to_plain(text[end : match.start()], names))
        parts.append(link(to_plain(match["url"], names), to_plain(match["label"] or "", names)))
        end = match.end()
    return "".join((*parts, to_plain(text[end:], names)))


def link(url: str, label: str = "") -> str:
    """Return a link as Markdown, or only the address where the label is nothing else: of a mailbox or telephone the
    label, as people wrote it.
    """
    label = label.strip()
    scheme, _, contact = url.partition(":")
    if label == contact and scheme.lower() in {"mailto", "tel"}:
        return label
    bare = url.removeprefix("https://").removeprefix("http://")
    return f"[{label}]({url})" if label and label.rstrip("/") not in {url.rstrip("/"), bare.rstrip("/")} else url


# ------------------------------------------------------------ rich text: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block


def rich_text(block: Element, names: Names, depth: int = 0) -> str:
    """Return the words of a rich_text block, its lists, quotes and code as Markdown."""
    if depth > MOST_DEPTH:
        return ""
    written = (_element(item, names, depth).removesuffix("\n") for item in records_of(block.elements))
    return "\n".join(item for item in written if item.strip())


def _element(element: Element, names: Names, depth: int) -> str:
    match element.type:
        case "rich_text_list":
            return _list(element, names, depth)
        case "rich_text_quote":
            return "\n".join(f"> {line}".rstrip() for line in _inline(element, names).rstrip("\n").split("\n"))
        case "rich_text_preformatted":
            return _preformatted(_inline(element, names))
        case "rich_text":
            return rich_text(element, names, depth + 1)
        case "rich_text_section":
            return _inline(element, names)
        case _:
            return _word(element, names)


def _list(element: Element, names: Names, depth: int) -> str:
    indent = _INDENT * min(_count(element.indent), _MOST_INDENT)
    is_ordered, number = element.list_style == "ordered", _count(element.offset)
    lines = []
    for item in records_of(element.elements):
        if item.type == "rich_text_list":
            lines.append(_list(item, names, depth + 1) if depth < MOST_DEPTH else "")
            continue
        number += 1
        words = _element(item, names, depth + 1).rstrip("\n").replace("\n", f"\n{indent}  ")
        lines.append(f"{indent}{f'{number}.' if is_ordered else '-'} {words}")
    return "\n".join(lines)


def _preformatted(code: str) -> str:
    fence = "`" * max(3, _longest_run(code) + 1)
    return f"{fence}\n{code.strip(chr(10))}\n{fence}"


def _longest_run(code: str) -> int:
    return min(_MOST_BACKTICKS, max(map(len, re.findall("`+", code)), default=0))


def _inline(element: Element, names: Names) -> str:
    return "".join(_word(item, names) for item in records_of(element.elements))


def _word(element: Element, names: Names) -> str:
    """Return one element within a line, with the marks of its style around it."""
    text = _unstyled(element, names)
    inner = text.strip()
    if not inner:
        return text
    before, _, after = text.partition(inner)
    style = element.style
    if style.code:
        fence = "`" * (_longest_run(inner) + 1)
        inner = f"{fence}{inner}{fence}"
    for is_set, mark in ((style.strike, "~~"), (style.italic, "_"), (style.bold, "**")):
        if is_set:
            inner = f"{mark}{inner}{mark}"
    return f"{before}{inner}{after}"


def _unstyled(element: Element, names: Names) -> str:
    mentions = {
        "user": ("@", element.user_id),
        "channel": ("#", element.channel_id),
        "usergroup": ("@", element.usergroup_id),
        "team": ("@", element.team_id),
        "broadcast": ("@", element.range),
    }
    if element.type in mentions:
        return _named(*mentions[element.type], names)
    match element.type:
        case "link":
            return link(element.url, words_of(element.text))
        case "emoji":
            return f":{element.name}:"
        case "date":
            return element.fallback or _date(element.timestamp)
        case "color":
            return element.value
    return words_of(element.text)


def _named(mark: str, id: str, names: Names) -> str:
    return f"{mark}{' '.join(names.get(id, id).removeprefix(mark).split()) or id}"


def _date(seconds: float | None) -> str:
    if seconds is None:
        return ""
    try:
        return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return ""


def _both(element: Element, name: str) -> tuple[str, ...]:
    """Return the ids in a field of one and in its twin of several."""
    found: tuple[str, ...] = getattr(element, name) + getattr(element, f"{name}s")
    return found


def _count(number: int) -> int:
    return number if 0 <= number < 1_000_000 else 0


# ------------------------------------------------------------ blocks


class BlockReader:
    """Read blocks with the names of people, channels and groups."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._readers: Mapping[str, Callable[[Element], str]] = {
            "image": self._image,
            "button": self._button,
            "workflow_button": self._button,
            "url": lambda element: link(element.url, words_of(element.text)),
            "file": self._file,
            "call": self._call,
            "video": self._video,
            "checkboxes": self._choices,
            "radio_buttons": self._choices,
        }

    def pieces(self, blocks: Iterable[Element], depth: int = 0) -> list[Piece]:
        """Return what the blocks hold in their order, adjoining words as one text; of an answer the answer alone."""
        read = [piece for block in blocks if not is_below_answer(block) for piece in self._block(block, depth)]
        found: list[Piece] = []
        for is_text, group in groupby(read, key=lambda piece: isinstance(piece, str)):
            if is_text:
                found += filter(None, ["\n".join(str(item) for item in group if item)])
            else:
                found += group
        return found

    def words(self, text: str) -> str:
        """Return a text in mrkdwn as it was typed."""
        return readable(text, self._names)

    def buttons(self, elements: Iterable[Element]) -> str:
        """Return the labels of buttons and menus, also those of attachments, whose text is plain."""
        told = (self._menu(item) if item.type == "select" else self._button(item) for item in elements)
        return " ".join(filter(None, told))

    def _block(self, block: Element, depth: int) -> Iterator[Piece]:
        if depth > MOST_DEPTH:
            return
        match block.type:
            case "table" | "data_table":
                yield self._table(block)
            case "data_visualization":
                yield self._chart(block)
            case "card":
                yield self._card(block, depth)
            case "carousel":
                yield from (self._card(card, depth) for card in records_of(block.elements))
            case "container":
                yield "\n".join(self._shown(block, depth, leave_out=("child_blocks",)))
                yield from self.pieces(records_of(block.child_blocks), depth + 1)
            case _:
                yield self._object(block, depth)

    def _object(self, element: Element, depth: int) -> str:
        """Return the words of a block, of an element or of a text object."""
        kind = element.type
        if depth > MOST_DEPTH or kind in _WORDLESS:
            return ""
        if kind == "rich_text":
            return rich_text(element, self._names, depth)
        if kind in self._readers:
            return self._readers[kind](element)
        if kind.endswith(("_select", "picker", "_input")) or kind == "overflow":
            return ", ".join(filter(None, self._chosen(element))) or self._menu(element)
        told = [*self._shown(element, depth)]
        stands_beside = kind in _BESIDE and not any(item.startswith("- ") for item in told)
        shown = (" " if stands_beside else "\n").join(told)
        return f"[{element.status.replace('_', ' ')}] {shown}" if kind in _TASKS and element.status else shown

    def _chosen(self, element: Element) -> Iterator[str]:
        """Return what is chosen or filled in where somebody could choose or write something."""
        yield from self._options((*element.initial_option, *element.initial_options))
        yield from (element.initial_value, element.initial_date, element.initial_time, _date(element.initial_date_time))
        people, channels = (*element.initial_user, *element.initial_users), ("initial_channel", "initial_conversation")
        yield from (_named("@", id, self._names) for id in people)
        yield from (_named("#", id, self._names) for name in channels for id in _both(element, name))

    def _shown(self, block: Element, depth: int, leave_out: tuple[str, ...] = ()) -> Iterator[str]:
        for name in _SHOWN:
            if name not in leave_out:
                content: Content = getattr(block, name)
                yield from filter(None, self._content(content, depth + 1))

    def _content(self, content: Content, depth: int) -> Iterator[str]:
        if isinstance(content, str):
            yield self.words(content)
        else:
            yield from (self._object(item, depth) for item in content)

    def _choices(self, element: Element) -> str:
        """Return the options of an element that shows all of them, with a mark at those that are chosen."""
        chosen = [*self._options((*element.initial_option, *element.initial_options))]
        return "\n".join(f"- [{'x' if item in chosen else ' '}] {item}" for item in self._options(element.options))

    def _menu(self, menu: Element) -> str:
        """Return what a menu is for, and what can be chosen in it; of no other field."""
        if not menu.type.endswith("select"):
            return ""
        options = (*menu.options, *(item for group in menu.option_groups for item in group.options))
        offered = ", ".join(self._options(options))
        shown = ": ".join(filter(None, (self._text(menu.placeholder) or self._text(menu.text), offered)))
        return f"(menu: {shown})" if shown else ""

    def _options(self, options: Iterable[Element]) -> Iterator[str]:
        for option in options:
            yield " ".join(filter(None, (self._text(option.text), self._text(option.description))))

    def _text(self, content: Content) -> str:
        """Return a text that stands as an object, or as itself."""
        return "".join(self._content(content, MOST_DEPTH))

    def _button(self, button: Element) -> str:
        label = self._text(button.text)
        if not label:
            return ""
        return link(button.url, label) if button.url else f"(button: {label})"

    def _call(self, element: Element) -> str:
        call = element.call.v1
        people = call.all_participants or call.active_participants
        named = (each.display_name or self._names.get(each.slack_id, each.slack_id) for each in people)
        name = link(call.join_url, call.name) if call.join_url else call.name
        return f"(call: {', '.join(filter(None, (name, *named)))})"

    def _image(self, image: Element) -> str:
        told = dict.fromkeys(filter(None, (self._text(image.title), image.alt_text)))
        return f"(image: {', '.join(told)})" if told else ""

    def _file(self, file: Element) -> str:
        name = file.file.title or file.file.name or file.external_id
        return f"(file: {name})" if name else ""

    def _video(self, video: Element) -> str:
        title = self._text(video.title) or video.alt_text
        source = ", ".join(filter(None, (video.provider_name, video.author_name)))
        heading = link(video.title_url or video.video_url, title)
        told = (f"(video: {heading})" if heading else "", source, self._text(video.description))
        return "\n".join(filter(None, told))

    def _card(self, card: Element, depth: int) -> Card:
        shown = [self._text(card.subtitle), self._text(card.body)]
        shown += [self._object(image, depth + 1) for image in records_of(card.hero_image)]
        shown += [self.buttons(records_of(card.actions))]
        return Card(title=self._text(card.title), text="\n".join(filter(None, shown)))

    def _table(self, table: Element) -> Table:
        read = (tuple(map(self._cell, row)) for row in table.rows)
        return Table(rows=tuple(row for row in read if row), caption=self._text(table.caption))

    def _chart(self, block: Element) -> Table:
        """Return the figures of a chart, a column for each series."""
        caption = self._text(block.title)
        if block.chart.segments:
            return Table(rows=(("", ""), *((item.label, item.value) for item in block.chart.segments)), caption=caption)
        series = block.chart.series
        labels = dict.fromkeys(item.label for each in series for item in each.data)
        figures = [{item.label: item.value for item in each.data} for each in series]
        rows = ((label, *(each.get(label, "") for each in figures)) for label in labels)
        return Table(rows=(("", *(each.name for each in series)), *rows), caption=caption)

    def _cell(self, cell: Element) -> str:
        if cell.type == "rich_text":
            return rich_text(cell, self._names)
        return self.words(words_of(cell.text)) or cell.value
