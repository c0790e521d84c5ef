"""Parse server-sent events from bytes, however they are cut.

Lines end in LF, CR or CRLF; bytes are decoded only when a whole event is there, so a character may be cut anywhere.
Format: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MAX_EVENT_BYTES = 32 * 1024 * 1024  # far above any answer; bounds what a broken server can make us hold

Event = tuple[str, str]  # its name ("" when the stream gives none) and its data


class EventTooLarge(ValueError):
    """One event has more bytes than any answer needs."""


class EventParser:
    """Turns pieces of a byte stream into events; the same events for every way of cutting the bytes."""

    __slots__ = ("_after_cr", "_at_start", "_most", "_tail")

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._most = max_event_bytes
        self._tail = bytearray()  # what came after the last blank line
        self._after_cr = False
        self._at_start = True

    def feed(self, piece: bytes) -> list[Event]:
        """Return the events that `piece` completes. Raises `EventTooLarge`."""
        if self._after_cr or b"\r" in piece:
            piece = self._with_line_feeds(piece)
        blocks = self._completed(piece)
        if len(self._tail) > self._most:
            raise EventTooLarge
        if self._at_start and blocks:
            self._at_start = False
            blocks[0] = blocks[0].removeprefix(BYTE_ORDER_MARK)
        events: list[Event] = []
        for block in blocks:
            if block.startswith(b"data: ") and b"\n" not in block:  # nearly all are like this
                events.append(("", block[6:].decode("utf-8", "replace")))
            else:
                events += _read_block(block)
        return events

    def end(self) -> list[Event]:
        """Return the event that the end of the stream completes: servers that drop the last blank line are forgiven."""
        block = bytes(self._tail)
        self._tail.clear()
        return _read_block(block.removeprefix(BYTE_ORDER_MARK) if self._at_start else block)

    def _completed(self, piece: bytes) -> list[bytes]:
        """Return the events that `piece` completes, as they came; only what is new is looked through."""
        start = max(0, len(self._tail) - 1)  # a blank line may lie across both
        self._tail += piece
        if self._tail.find(b"\n\n", start) < 0:
            return []
        *blocks, rest = bytes(self._tail).split(b"\n\n")
        self._tail = bytearray(rest)
        return blocks

    def _with_line_feeds(self, piece: bytes) -> bytes:
        if not piece:
            return piece
        ends_in_cr = piece.endswith(b"\r")
        if self._after_cr and piece.startswith(b"\n"):
            piece = piece[1:]  # the second half of a CRLF
        self._after_cr = ends_in_cr
        return piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _read_block(block: bytes) -> list[Event]:
    """Return the event that the lines between two blank ones make; none without data."""
    name, data = b"", []
    for line in block.split(b"\n"):
        field, colon, value = line.partition(b":")
        if field == b"data":
            data.append(value.removeprefix(b" "))
        elif field == b"event" and colon:
            name = value.removeprefix(b" ")
        elif field == b"error" and colon:  # llama.cpp has a field of its own for what failed
            name = field
            data.append(value.removeprefix(b" "))
    if not data:
        return []
    return [(name.decode("utf-8", "replace"), b"\n".join(data).decode("utf-8", "replace"))]
