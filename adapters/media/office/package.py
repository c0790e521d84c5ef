"""Open the package of an Office or OpenDocument file: XML parts in a zip archive, within bounds on their unpacked size.

Expat, from version 2.4 on, bounds by itself what entities can grow to, and nothing outside the part is ever fetched.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

from adapters.media import media_limits
from adapters.media.media_limits import UnpackLimits
from adapters.media.unreadable import Unreadable

_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Relation:
    """Reference to a part of the package, or to an address outside it; `kind` is the end of its type."""

    kind: str
    target: str
    is_external: bool = False


class Package:
    """An opened package that gives out at most `most` bytes in all, whatever its directory states."""

    def __init__(self, file: zipfile.ZipFile, *, most: int) -> None:
        self._file = file
        self._names = {_plain(name): name for name in file.namelist()}
        self._most = self._left = most

    def __contains__(self, part: str) -> bool:
        return _plain(part) in self._names

    def read(self, part: str) -> bytes:
        """Return a whole part; b"" for one that is not there. Raises `Unreadable`."""
        return b"".join(self._chunks(part))

    def elements(self, part: str) -> Iterator[tuple[str, Element]]:
        """Each start and end of an element of an XML part, as ("start" or "end", element), as it is read.

        Nothing for a part that is not there. Raises `Unreadable`.
        """
        if part not in self:
            return
        parser: XMLPullParser[Element] = XMLPullParser(("start", "end"))
        try:
            for chunk in self._chunks(part):
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

    def relations(self, part: str) -> Mapping[str, Relation]:
        """Return what a part points to, by id; the package itself is the part "" (ECMA-376 part 2, section 9)."""
        folder, file = posixpath.split(part)
        root = self.tree(posixpath.join(folder, "_rels", f"{file}.rels"))
        found: dict[str, Relation] = {}
        for item in () if root is None else root:
            kind = attribute(item, "Type").rpartition("/")[2]
            target = attribute(item, "Target")
            if attribute(item, "TargetMode") == "External":
                found[attribute(item, "Id")] = Relation(kind, target, is_external=True)
            else:
                inside = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
                found[attribute(item, "Id")] = Relation(kind, posixpath.normpath(inside))
        return found

    def main_part(self) -> str:
        """Return the part that the package is about, by its relations. Raises `Unreadable`."""
        for relation in self.relations("").values():
            if relation.kind == "officeDocument" and relation.target in self:
                return relation.target
        raise Unreadable("is broken (its main part is missing)")

    def _chunks(self, part: str) -> Iterator[bytes]:
        name = self._names.get(_plain(part))
        if name is None:
            return
        with self._file.open(name) as stream:
            while chunk := stream.read(_CHUNK):
                self._left -= len(chunk)
                if self._left < 0:
                    raise Unreadable("unpacks to more than {size}", size=media_limits.megabytes(self._most))
                yield chunk


@contextmanager
def open_package(data: bytes, limits: UnpackLimits) -> Iterator[Package]:
    """Yield the package in `data`; whatever is wrong with it comes out as `Unreadable`."""
    with open_zip(data, limits) as file:
        yield Package(file, most=limits.archive_bytes)


@contextmanager
def open_zip(data: bytes, limits: UnpackLimits) -> Iterator[zipfile.ZipFile]:
    """Yield the archive in `data`; whatever is wrong with it comes out as `Unreadable`."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            if len(file.infolist()) > limits.archive_parts:
                raise Unreadable("has more than {count} parts", count=limits.archive_parts)
            yield file
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError):
        raise Unreadable("is broken (its archive cannot be unpacked)") from None
    except RuntimeError as error:
        if isinstance(error, RecursionError):
            raise
        raise Unreadable("is protected by a password") from None  # zipfile's sign of one


def _plain(part: str) -> str:
    """Return a part's name as names are compared: without case, and with one kind of slash."""
    return part.replace("\\", "/").lstrip("/").lower()


def _elements_of(parser: XMLPullParser[Element]) -> Iterator[tuple[str, Element]]:
    yield from cast("Iterator[tuple[str, Element]]", parser.read_events())  # no other events were asked for


def local(element: Element) -> str:
    """Return the name of an element without its namespace, which differs between the strict and the usual files."""
    return element.tag.rpartition("}")[2]


def attribute(element: Element, name: str) -> str:
    """Return an attribute by its name without namespace; "" when there is none."""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def is_on(element: Element | None, name: str = "val") -> bool:
    """Return whether a switch is on: it is there, and its value is not one of those that mean no."""
    return element is not None and attribute(element, name) not in {"0", "false", "off"}


def child(element: Element | None, *path: str) -> Element | None:
    """Return the first element down a path of names; None where there is none."""
    for name in path:
        element = None if element is None else next((item for item in element if local(item) == name), None)
    return element


def children(element: Element | None, *names: str) -> Iterator[Element]:
    """Yield the nearest elements of these names, through wrappers, but not those inside one another."""
    for item in () if element is None else seen(element):
        if local(item) in names:
            yield item
        else:
            yield from children(item, *names)


def seen(element: Element) -> Iterator[Element]:
    """Yield what a reader sees of an element: of alternatives one, nothing of what was deleted.

    `mc:Fallback` repeats for old programs what its `mc:Choice` says, so it counts only where the choice says nothing.
    """
    for item in element:
        name = local(item)
        if name == "AlternateContent":
            choices = [choice for choice in item if local(choice) == "Choice" and _says_anything(choice)]
            yield from choices[:1] or [other for other in item if local(other) == "Fallback"]
        elif name not in LEFT_OUT:
            yield item


LEFT_OUT = frozenset({"del", "moveFrom", "delText", "rt", "rPh"})
"""What a reader does not see: what tracked changes took away, and the reading aid of Japanese."""


def _says_anything(element: Element) -> bool:
    return any(local(item) in {"t", "blip", "chart", "tbl", "relIds"} for item in element.iter())
