"""Convert blocks to text, tables and cards: whatever of them people can read. Pure; malformed blocks are ignored.

https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, Final

from adapters.slack.payloads import Record, field, records
from adapters.slack.replies.rendering import is_below_answer
from adapters.slack.rich_text import MOST_DEPTH, Names, link, readable, rich_text
from bot.types.content import Card, Table

Piece = str | Table | Card

# The fields that hold words, in the order in which they are shown; a block has few of them.
_SHOWN: Final = (
    *("rich_text_title", "title", "subtitle", "label", "text", "fields", "body", "description", "hint", "details"),
    *("output", "sources", "tasks", "elements", "accessory", "element", "child_blocks", "blocks", "actions"),
)
_BESIDE: Final = frozenset({"context", "actions"})  # blocks whose elements stand beside each other
_WORDLESS: Final = frozenset({"divider", "context_actions", "feedback_buttons", "icon_button"})


class BlockReader:
    """Read blocks with the names of people, channels and groups."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._readers: Mapping[str, Callable[[Record], str]] = {
            "image": self._image,
            "button": self._button,
            "workflow_button": self._button,
            "url": lambda each: link(field(each, "url"), field(each, "text")),
            "file": self._file,
            "call": lambda each: f"(call: {field(each, 'call', 'v1', 'name')})",
            "video": self._video,
            "checkboxes": self._choices,
            "radio_buttons": self._choices,
        }

    def pieces(self, blocks: Iterable[Record], depth: int = 0) -> list[Piece]:
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

    def buttons(self, elements: Iterable[Record]) -> str:
        """Return the labels of buttons, also those of attachments, whose text is plain."""
        return " ".join(filter(None, (self._button(element) for element in elements)))

    def _block(self, block: Record, depth: int) -> Iterator[Piece]:
        if depth > MOST_DEPTH:
            return
        match field(block, "type"):
            case "table" | "data_table":
                yield self._table(block)
            case "card":
                yield self._card(block, depth)
            case "carousel":
                yield from (self._card(record, depth) for record in records(block, "elements"))
            case "container":
                yield "\n".join(self._shown(block, depth, leave_out=("child_blocks",)))
                yield from self.pieces(records(block, "child_blocks"), depth + 1)
            case _:
                yield self._object(block, depth)

    def _object(self, value: Record, depth: int) -> str:
        """Return the words of a block, of an element or of a text object."""
        kind = field(value, "type")
        if depth > MOST_DEPTH or kind in _WORDLESS:
            return ""
        if kind == "rich_text":
            return rich_text(value, self._names, depth)
        if kind in self._readers:
            return self._readers[kind](value)
        if kind.endswith("_select") or kind == "overflow":
            return ", ".join(self._options(value, "initial_option", "initial_options"))
        return (" " if kind in _BESIDE else "\n").join(self._shown(value, depth))

    def _shown(self, block: Record, depth: int, leave_out: tuple[str, ...] = ()) -> Iterator[str]:
        for name in _SHOWN:
            if name not in leave_out and name in block:
                yield from filter(None, self._value(block[name], depth + 1))

    def _value(self, value: Any, depth: int) -> Iterator[str]:
        if isinstance(value, str):
            yield self.words(field({"text": value}, "text"))
        elif isinstance(value, Mapping):
            yield self._object(value, depth)
        elif isinstance(value, list):
            yield from (self._object(item, depth) for item in value if isinstance(item, Mapping))

    def _choices(self, value: Record) -> str:
        """Return the options of an element that shows all of them."""
        return "\n".join(f"- {option}" for option in self._options(value, "options"))

    def _options(self, value: Record, *names: str) -> Iterator[str]:
        for name in names:
            one = value.get(name)
            for item in (one,) if isinstance(one, Mapping) else records(value, name):
                yield " ".join(filter(None, (self._text(item, "text"), self._text(item, "description"))))

    def _text(self, record: Record, name: str) -> str:
        """Return a text that stands as an object, or as itself."""
        value = record.get(name)
        return self._object(value, MOST_DEPTH) if isinstance(value, Mapping) else self.words(field(record, name))

    def _button(self, button: Record) -> str:
        label = self._text(button, "text")
        if not label:
            return ""
        url = field(button, "url")
        return link(url, label) if url else f"(button: {label})"

    def _image(self, image: Record) -> str:
        told = dict.fromkeys(filter(None, (self._text(image, "title"), field(image, "alt_text"))))
        return f"(image: {', '.join(told)})" if told else ""

    def _file(self, file: Record) -> str:
        name = field(file, "file", "title") or field(file, "file", "name") or field(file, "external_id")
        return f"(file: {name})" if name else ""

    def _video(self, video: Record) -> str:
        title = self._text(video, "title") or field(video, "alt_text")
        source = ", ".join(filter(None, (field(video, "provider_name"), field(video, "author_name"))))
        heading = link(field(video, "title_url") or field(video, "video_url"), title)
        told = (f"(video: {heading})" if heading else "", source, self._text(video, "description"))
        return "\n".join(filter(None, told))

    def _card(self, card: Record, depth: int) -> Card:
        image = card.get("hero_image")
        shown = [self._text(card, "subtitle"), self._text(card, "body")]
        shown += [self._object(image, depth + 1) if isinstance(image, Mapping) else ""]
        shown += [self.buttons(records(card, "actions"))]
        return Card(title=self._text(card, "title"), text="\n".join(filter(None, shown)))

    def _table(self, table: Record) -> Table:
        rows = table.get("rows")
        read = (tuple(map(self._cell, row)) for row in rows if isinstance(row, list)) if isinstance(rows, list) else ()
        return Table(rows=tuple(row for row in read if row), caption=self._text(table, "caption"))

    def _cell(self, cell: object) -> str:
        if not isinstance(cell, Mapping):
            return ""
        if field(cell, "type") == "rich_text":
            return rich_text(cell, self._names)
        value = cell.get("value")
        return self.words(field(cell, "text")) or (str(value) if isinstance(value, int | float) else "")
