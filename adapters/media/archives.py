"""Read the parts of an Office file, XML inside a zip archive, within bounds on their unpacked size.

Expat, from version 2.4 on, bounds by itself what entities can grow to, and nothing outside the part is ever fetched.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

from adapters.media import media_limits
from adapters.media.media_limits import UnpackLimits
from adapters.media.unreadable import Unreadable

_CHUNK = 65_536


class Archive:
    """An opened archive that gives out at most `most` bytes in all, whatever its directory states."""

    def __init__(self, file: zipfile.ZipFile, *, most: int) -> None:
        self._file = file
        self._names = frozenset(file.namelist())
        self._most = self._left = most

    def __contains__(self, part: str) -> bool:
        return part in self._names

    def elements(self, part: str) -> Iterator[tuple[str, Element]]:
        """Each start and end of an element of an XML part, as ("start" or "end", element), as it is read.

        Nothing for a part that is not there. Raises `Unreadable`.
        """
        if part not in self._names:
            return
        parser: XMLPullParser[Element] = XMLPullParser(("start", "end"))
        try:
            with self._file.open(part) as stream:
                while chunk := stream.read(_CHUNK):
                    self._count(len(chunk))
                    parser.feed(chunk)
                    yield from _elements_of(parser)
            parser.close()
            yield from _elements_of(parser)
        except ParseError:
            raise Unreadable("is broken (a part of it is no XML)") from None

    def tree(self, part: str) -> Element | None:
        """Return the whole of a small XML part; None when it is not there. Raises `Unreadable`."""
        root = None
        for event, element in self.elements(part):
            if event == "start" and root is None:
                root = element
        return root

    def _count(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise Unreadable(f"unpacks to more than {media_limits.megabytes(self._most)}")


@contextmanager
def open_archive(data: bytes, limits: UnpackLimits) -> Iterator[Archive]:
    """Yield the archive in `data`; whatever is wrong with it comes out as `Unreadable`."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            if len(file.infolist()) > limits.archive_parts:
                raise Unreadable(f"has more than {limits.archive_parts:,} parts")
            yield Archive(file, most=limits.archive_bytes)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError):
        raise Unreadable("is broken (its archive cannot be unpacked)") from None
    except RuntimeError:  # zipfile's sign of a password
        raise Unreadable("is protected by a password") from None


def _elements_of(parser: XMLPullParser[Element]) -> Iterator[tuple[str, Element]]:
    yield from cast("Iterator[tuple[str, Element]]", parser.read_events())  # no other events were asked for


def local(element: Element) -> str:
    """Return the name of an element without its namespace, which differs between the strict and the usual files."""
    return element.tag.rpartition("}")[2]


def attribute(element: Element, name: str) -> str:
    """Return an attribute by its name without namespace; "" when there is none."""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")
