"""Read rich text (RTF 1.9.1): its words, tables, notes, comments, links and pictures, in the charset of each font."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from adapters.media.encodings import codec_of
from adapters.media.job import Job
from adapters.media.pictures import Pictures
from adapters.media.superscripts import subscript, superscript
from adapters.media.texts import text_file
from bot.types import ReadFile

_TOKENS: Final = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|([^\\{}\r\n]+)|[\r\n]+|\\", re.DOTALL
)
_CHARSETS: Final[Mapping[int, str]] = {  # \fcharset
    77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030", 136: "big5hkscs", 161: "cp1253",
    162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
    238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
_SAID: Final[Mapping[str, str]] = {
    "par": "\n", "sect": "\n\n", "page": "\n\n", "line": "\n", "tab": "\t", "emdash": "\u2014", "endash": "\u2013",
    "bullet": "\u2022", "lquote": "\u2018", "rquote": "\u2019", "ldblquote": "\u201c", "rdblquote": "\u201d",
    "cell": " | ", "nestcell": " | ", "row": "\n", "nestrow": "\n", "emspace": " ", "enspace": " ", "qmspace": " ",
}  # fmt: skip
_SIGNS: Final[Mapping[bytes, str]] = {
    b"~": "\u00a0", b"_": "-", b"{": "{", b"}": "}", b"\\": "\\", b"\n": "\n", b"\r": "\n",
}  # fmt: skip
_SILENT_WORDS: Final = """
    colortbl stylesheet info listtable listoverridetable revtbl rsidtbl generator xmlnstbl themedata colorschememapping
    datastore latentstyles filetbl pgptbl nonshppict objdata objclass sn sv bkmkstart bkmkend atnid atnauthor atntime
    atnicn atnref atndate atnparent ftnsep ftnsepc aftnsep aftnsepc ftncn aftncn nextfile template listname leveltext
    levelnumbers fldtype datafield formfield mmathPr userprops private background do nesttableprops nonesttables pn
    blipuid picprop xe tc rxe panose falt fname fontemb
"""
_SILENT: Final = frozenset(_SILENT_WORDS.split())
_STARRED: Final = frozenset({"fldinst", "annotation", "shppict", "shpinst", "footnote", "listtext", "pntext"})
"""Destinations that programs may pass over, and that say something all the same."""

_BESIDE: Final[Mapping[str, str]] = {
    "footnote": " [note: {}] ",
    "annotation": " [comment: {}] ",
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), "(header) {}\n"),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), "(footer) {}\n"),
}
_ADDRESS: Final = re.compile(r'HYPERLINK\s+(?:\\\S+\s+)*"?([^"\s]+)')


@dataclass(slots=True)
class _Group:
    """State inside a pair of braces; `words` is where its text goes."""

    codec: str
    words: list[str]
    kind: str = ""
    silent: bool = False
    hidden: bool = False
    script: Callable[[str], str] = str
    after_unicode: int = 1
    address: list[str] = field(default_factory=list)


def read_rich_text(job: Job) -> ReadFile:
    """Return what a rich text says. Raises `Unreadable`."""
    pictures = Pictures(job)
    text = _Reader(pictures).read(job.data[job.data.index(b"{") :])  # behind blanks and the mark of an editor
    lines = [line.strip(" ").removesuffix("|").rstrip() for line in text.split("\n")]
    return text_file(
        job, re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip(), media=pictures.media, notes=pictures.notes
    )


class _Reader:
    """Goes through a file once; a group ends with what its kind makes of its words."""

    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures
        self._groups = [_Group("cp1252", [])]
        self._fonts: dict[int, str] = {}
        self._font = 0
        self._page = "cp1252"
        self._pending = bytearray()
        self._starred = False
        self._skip = 0

    def read(self, data: bytes) -> str:
        """Return the words of the whole file."""
        place = 0
        while found := _TOKENS.match(data, place):
            place = found.end()
            word, number, code, sign, brace, text = found.groups()
            if code is not None:
                self._code(int(code, 16))
            elif text is not None:
                self._text(text)
            elif word is not None:
                self._flush()
                name, value = word.decode("ascii"), None if number is None else int(number)
                if name == "bin":
                    place += max(0, value or 0)
                else:
                    self._word(name, value)
            elif brace is not None or sign is not None:
                self._flush()
                self._mark(brace or sign)
        self._flush()
        while len(self._groups) > 1:
            self._end()
        halves = "".join(self._groups[0].words).encode("utf-16-le", errors="surrogatepass")
        return halves.decode("utf-16-le", errors="replace")

    @property
    def _group(self) -> _Group:
        return self._groups[-1]

    def _mark(self, mark: bytes) -> None:
        if mark == b"{":
            self._groups.append(replace(self._group, kind=""))
        elif mark == b"}":
            if len(self._groups) > 1:
                self._end()
        elif mark == b"*":
            self._starred = True
        else:
            self._say(_SIGNS.get(mark, ""))

    def _code(self, code: int) -> None:
        if self._skip:
            self._skip -= 1
        else:
            self._pending.append(code)

    def _text(self, text: bytes) -> None:
        skipped = min(self._skip, len(text))
        self._skip -= skipped
        text = text[skipped:]
        if self._pending and text and _is_cut(bytes(self._pending), self._group.codec):
            self._pending.append(text[0])  # the second byte of a character, which happens to be a letter
            text = text[1:]
        self._flush()
        codec = "latin-1" if self._group.kind == "pict" else self._group.codec
        self._say(text.decode(codec, errors="replace"))

    def _word(self, name: str, value: int | None) -> None:
        starred, self._starred = self._starred, False
        group = self._group
        if name in _SILENT or (starred and name not in _STARRED):
            group.silent = True
        elif name in _BESIDE or name in {"pict", "fldinst", "fonttbl", "field"}:
            group.kind, group.words = name, group.words if name == "field" else []
            group.address = [] if name == "field" else group.address
            group.script = group.script if name == "field" else str
        elif act := _ACTS.get(name):
            act(self, value)
        else:
            self._say(_SAID.get(name, ""))

    def _say(self, words: str) -> None:
        if words and not (self._group.silent or self._group.hidden):
            self._group.words.append(self._group.script(words))

    def _flush(self) -> None:
        if self._pending:
            self._say(bytes(self._pending).decode(self._group.codec, errors="replace"))
            self._pending.clear()

    def _end(self) -> None:
        group = self._groups.pop()
        if group.silent or not group.kind:
            return
        written = "".join(group.words)
        if group.kind == "fldinst":
            if found := _ADDRESS.search(written):
                group.address[:] = [found[1]]
        elif group.kind == "field":
            if group.address and group.address[0] not in "".join(group.words[-20:]):
                self._say(f" ({group.address[0]})")
        elif group.kind == "pict":
            self._say(self._picture(written))
        elif group.kind in _BESIDE and written.strip():
            self._say(_BESIDE[group.kind].format(" ".join(written.split())))

    def _picture(self, written: str) -> str:
        try:
            data = bytes.fromhex("".join(written.split()))
        except ValueError:
            return ""
        return f"\n{self._pictures.mark(data)}\n" if data else ""

    # ------------------------------------------------------------ words with an effect

    def _set_page(self, value: int | None) -> None:
        self._page = codec_of(f"cp{value}") or "cp1252"
        for group in self._groups:
            group.codec = self._page

    def _set_font(self, value: int | None) -> None:
        self._font = value or 0
        self._group.codec = self._fonts.get(self._font, self._page)

    def _set_charset(self, value: int | None) -> None:
        if value is not None and value in _CHARSETS:
            self._fonts[self._font] = _CHARSETS[value]

    def _unicode(self, value: int | None) -> None:
        self._say(chr((value or 0) % 65_536))  # halves of pairs are joined once all is said
        self._skip = self._group.after_unicode

    def _set_skip(self, value: int | None) -> None:
        self._group.after_unicode = max(0, value or 0)

    def _raise(self, value: int | None) -> None:
        self._group.script = str if value == 0 else superscript

    def _lower(self, value: int | None) -> None:
        self._group.script = str if value == 0 else subscript

    def _level(self, _value: int | None) -> None:
        self._group.script = str

    def _hide(self, value: int | None) -> None:
        self._group.hidden = value != 0


def _is_cut(pending: bytes, codec: str) -> bool:
    try:
        pending.decode(codec)
    except UnicodeDecodeError:
        return True
    return False


_ACTS: Final[Mapping[str, Callable[[_Reader, int | None], None]]] = {
    "ansicpg": _Reader._set_page,
    "f": _Reader._set_font,
    "fcharset": _Reader._set_charset,
    "u": _Reader._unicode,
    "uc": _Reader._set_skip,
    "v": _Reader._hide,
    "super": _Reader._raise,
    "sub": _Reader._lower,
    "nosupersub": _Reader._level,
    "plain": _Reader._level,
    "deleted": _Reader._hide,
}
