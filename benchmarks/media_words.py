"""The words that other libraries find in a file, to compare with: each is imported only where it is installed."""

from __future__ import annotations

import email
import email.policy
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from html.parser import HTMLParser
from typing import Any, Final

APART: Final = "\n"
"""Between words that are not one."""


def words_in(ending: str, data: bytes) -> Counter[str] | None:
    """Return the words in a file with how often each occurs; None where no library reads it, or none is known."""
    find = _FINDERS.get(ending)
    if find is None:
        return None
    try:
        text = "".join(find(data))
    except Exception:  # noqa: BLE001 - a file that no other library reads either says nothing
        return None
    return counted(text) or None


def counted(text: str) -> Counter[str]:
    """Return how often each word occurs, by its letters in any order: libraries differ in the direction of Arabic."""
    return Counter("".join(sorted(word)) for word in re.findall(r"\w+", text.casefold()))


def _document(data: bytes) -> Iterator[str]:
    import docx  # noqa: PLC0415 - a development dependency, as are those below

    for item in docx.Document(io.BytesIO(data)).element.body.iter():
        if item.tag.endswith("}t") and not _in_fallback(item):
            yield item.text or ""
        elif item.tag.endswith(("}p", "}tab", "}br", "}cr")):
            yield APART


def _in_fallback(part: Any) -> bool:
    return any(above.tag.endswith("}Fallback") for above in part.iterancestors())


def _slides(data: bytes) -> Iterator[str]:
    import pptx  # noqa: PLC0415

    for slide in pptx.Presentation(io.BytesIO(data)).slides:
        for shape in slide.shapes:
            if shape.has_text_frame:
                is_number = shape.is_placeholder and "SLIDE_NUMBER" in str(shape.placeholder_format.type)
                yield APART + ("" if is_number else shape.text_frame.text)
            if shape.has_table:
                yield from (APART + cell.text for row in shape.table.rows for cell in row.cells if not cell.is_spanned)


def _sheets(data: bytes) -> Iterator[str]:
    import openpyxl  # noqa: PLC0415

    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    for sheet in book.worksheets:
        for row in sheet.iter_rows(values_only=True):
            yield from (APART + value for value in row if isinstance(value, str))


def _binary_sheets(data: bytes) -> Iterator[str]:
    import python_calamine  # noqa: PLC0415

    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    for name in book.sheet_names:
        for row in book.get_sheet_by_name(name).to_python():
            yield from (APART + value for value in row if isinstance(value, str))


def _archive(data: bytes) -> Iterator[str]:
    import zipfile  # noqa: PLC0415

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        yield from (APART + name for name in archive.namelist() if not name.endswith("/"))


def _open_document(data: bytes) -> Iterator[str]:
    import xml.etree.ElementTree as ET  # noqa: PLC0415
    import zipfile  # noqa: PLC0415

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        root = ET.fromstring(archive.read("content.xml"))  # noqa: S314 - of an installed package
    for item in root.iter():
        if item.tag.endswith(("}p", "}h")):
            yield from _within(item)
            yield APART


def _within(item: Any) -> Iterator[str]:
    """Yield the words of a paragraph, without those of paragraphs in it, which come by themselves."""
    yield item.text or ""
    for inner in item:
        if inner.tag.endswith(("}tab", "}line-break", "}s", "}frame", "}custom-shape")):
            yield APART
        elif not inner.tag.endswith(("}p", "}h", "}title", "}desc")):
            yield from _within(inner)
        yield inner.tail or ""


def _pdf(data: bytes) -> Iterator[str]:
    from pdfminer.high_level import extract_text  # type: ignore[import-not-found] # noqa: PLC0415

    yield extract_text(io.BytesIO(data), maxpages=200)


def _mail(data: bytes) -> Iterator[str]:
    message = email.message_from_bytes(data, policy=email.policy.default)
    yield str(message["Subject"] or "") + APART
    body = message.get_body(("plain",))
    yield body.get_content() if body is not None else ""


def _notebook(data: bytes) -> Iterator[str]:
    for cell in json.loads(data)["cells"]:
        yield APART + "".join(cell["source"])


INLINE: Final = "a abbr b big cite code em font i kbd q small span strong sub sup tt u var"
"""Elements of a page that part no words."""


class _Words(HTMLParser):
    _INLINE = frozenset(INLINE.split())

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._silent = ""

    def handle_starttag(self, tag: str, _attributes: object) -> None:
        self._silent = tag if tag in {"script", "style"} else self._silent
        self.pieces.append("" if tag in self._INLINE else APART)

    def handle_endtag(self, tag: str) -> None:
        self._silent = "" if tag == self._silent else self._silent

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(data)


def _page(data: bytes) -> Iterator[str]:
    declared = re.search(rb"""(?:charset|encoding)\s*=\s*["']?\s*([-\w]+)""", data[:4_096])
    parser = _Words()
    parser.feed(data.decode(declared[1].decode() if declared else "utf-8"))
    parser.close()
    yield "".join(parser.pieces)


def _text(data: bytes) -> Iterator[str]:
    yield data.decode("utf-8")


_FINDERS: Final[Mapping[str, Callable[[bytes], Iterator[str]]]] = {
    **dict.fromkeys(("docx", "docm"), _document),
    **dict.fromkeys(("pptx",), _slides),
    **dict.fromkeys(("xlsx", "xlsm"), _sheets),
    **dict.fromkeys(("odt", "ods", "odp", "ott", "ots", "otp"), _open_document),
    **dict.fromkeys(("xls", "xlsb"), _binary_sheets),
    **dict.fromkeys(("html", "htm", "xhtml"), _page),
    **dict.fromkeys(("csv", "tsv"), _text),
    "zip": _archive,
    "pdf": _pdf,
    "eml": _mail,
    "ipynb": _notebook,
}
