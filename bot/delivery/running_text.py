"""Write what stands within a paragraph in a platform's own grammar; the base class writes CommonMark. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from markdown_it.token import Token

from bot.delivery.addresses import looks_like_address, pretends, visible
from bot.delivery.formulas import readable_formula, superscript
from bot.delivery.marks import BREAKING_TAGS, CELL_TAGS, ITEM_TAGS, PAIRED_TAGS, is_punctuation

Allowed = Callable[[str], bool]

_BACKTICKS: Final = re.compile("`+")
_NOT_IN_ADDRESS: Final = re.compile(r"[\s<>\"`\\^{}|]")
_MOVABLE: Final = ".,:;!?"
_CLOSING: Final = ")]\"'"
_OPEN_PAIRS: Final = frozenset({"strong_open", "em_open", "s_open", "link_open"})

_ESCAPED: Final = re.compile(
    r"""\\(?=[!-/:-@\[-`{-~]|\Z) | ` | \*(?![ ]) | (?<![ ])\*
      | (?<![^\W_])_ | _(?![^\W_]) | ~(?=~) | (?<=~)~ | \](?=[(:]) | <(?=[a-zA-Z/!?]) | &(?=\#?\w+;)
    """,
    re.VERBOSE,
)
_ESCAPED_AT_START: Final = re.compile(r"(?P<number>\d{1,9}(?=[.)]))|(?=[#>+=-])")


CELL_BAR: Final = " | "
"""What stands between the cells of a table of HTML."""


def any_address(_address: str) -> bool:
    """Allow all addresses: those of our own texts."""
    return True


@dataclass(slots=True, kw_only=True)
class _Frame:
    """Text between an opening and a closing mark, with and without marks."""

    kind: str
    token: Token | None = None
    before: str = "\n"  # character that is written in front of it
    written: list[str] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)
    last: str = ""  # character that is written

    def add(self, written: str, plain: str) -> None:
        self.written.append(written)
        self.plain.append(plain)
        self.last = written[-1:] or self.last


def _opened(outer: _Frame, kind: str, token: Token) -> _Frame:
    return _Frame(kind=kind, token=token, before=outer.last or outer.before)


class RunningTextRenderer:
    """Writes CommonMark. `allowed` tells which addresses may stand behind a label: those that people or a search named.

    Any other address is shown in full, as a link whose label it is.
    """

    marks: Mapping[str, str] = {"strong": "**", "em": "*", "s": "~~", "u": ""}
    hard_break = "\n"
    escaped: re.Pattern[str] = _ESCAPED
    escaped_at_start: re.Pattern[str] = _ESCAPED_AT_START

    def __init__(self, allowed: Allowed = any_address) -> None:
        self.allowed = allowed
        self.has_unknown = False
        """Whether an address was written that is not allowed behind a label."""

    def running(self, children: Sequence[Token], after: str = "") -> str:
        """Return what stands within a paragraph; `after` is the character behind it."""
        if len(children) == 1 and children[0].type == "text":
            return self.escape_at_start(children[0].content)
        return "".join(self._read(children, after).written)

    def plain(self, children: Sequence[Token]) -> str:
        """Return what stands within a paragraph as it is read, in one line."""
        is_text = all(child.type == "text" for child in children)
        parts = [child.content for child in children] if is_text else self._read(children).plain
        return " ".join("".join(parts).split())

    def _read(self, children: Sequence[Token], behind: str = "") -> _Frame:
        frames = [_Frame(kind="")]
        for number, token in enumerate(children):
            if token.type in _OPEN_PAIRS:
                frames.append(_opened(frames[-1], token.type.removesuffix("_open"), token))
            elif token.nesting < 0:
                self._close(frames, token.type.removesuffix("_close"), _first_character(children, number + 1, behind))
            elif token.type == "html_inline":
                self._tag(frames, token, _first_character(children, number + 1, behind))
            else:
                self._leaf(frames, token)
        while len(frames) > 1:
            self._drop(frames)
        return frames[0]

    def _leaf(self, frames: Sequence[_Frame], token: Token) -> None:
        frame = frames[-1]
        match token.type:
            case "text" | "text_special":
                before = frame.last or frame.before
                frame.add(self._escaped(token.content, at_start=before == "\n"), token.content)
            case "softbreak":
                frame.add("\n", "\n")
            case "hardbreak":
                frame.add(self.hard_break, "\n")
            case "code_inline":
                frame.add(self.code_span(token.content), token.content)
            case "formula":
                readable = readable_formula(token.content)
                written = self.code_span(token.content) if readable is None else self._escaped(readable, at_start=False)
                frame.add(written, readable or token.content)
            case "footnote":
                mark = self._footnote(token.content)
                frame.add(mark, mark)

    def _footnote(self, name: str) -> str:
        high = superscript(name)
        return f"[{name}]" if high.startswith("^") else high

    def _tag(self, frames: list[_Frame], token: Token, after: str) -> None:
        """Take a tag of HTML for what it means, or leave it out."""
        kind = PAIRED_TAGS.get(token.tag)
        if token.tag in BREAKING_TAGS or token.tag in ITEM_TAGS:
            self._break(frames[-1], item=token.tag in ITEM_TAGS and not token.info)
        elif token.tag in CELL_TAGS and not token.info:
            if frames[-1].last not in {"\n", ""}:
                frames[-1].add(CELL_BAR, CELL_BAR)
        elif token.tag == "img" and token.attrs:
            label = str(token.attrs["alt"])
            frames[-1].add(*self._link(self.escape(label), label, (str(token.attrs["href"]), "image"), after))
        elif kind is not None and not token.info:
            if kind != "link" or (token.attrs and not any(frame.kind == "link" for frame in frames)):
                frames.append(_opened(frames[-1], kind, token))
        elif kind is not None and (opened := frames[-1].token) and (opened.type, opened.tag) == (token.type, token.tag):
            self._close(frames, kind, after)
            if token.tag == "summary":
                self._break(frames[-1])

    def _break(self, frame: _Frame, *, item: bool = False) -> None:
        if frame.written and frame.last not in {"\n", ""}:
            frame.add("\n", "\n")
        if item:
            frame.add("• ", "• ")

    def _close(self, frames: list[_Frame], kind: str, after: str) -> None:
        """End what was opened last of a kind; tags within that were never closed are left out."""
        while len(frames) > 1 and frames[-1].kind != kind:
            self._drop(frames)
        if len(frames) == 1:
            return
        frame = frames.pop()
        written, plain = "".join(frame.written), "".join(frame.plain)
        before = frames[-1].last
        if kind == "link" and frame.token is not None:
            address = str(frame.token.attrs["href"])
            written = self.escape(plain) if frame.token.type == "html_inline" else written  # no link within a link
            written, plain = self._link(written, plain, (address, frame.token.info), after)
        elif kind == "code":
            written = self.code_span(plain)
        elif kind == "sup":
            high = superscript(plain)
            written = written if high.startswith("^(") else self._escaped(high, at_start=False)
        elif kind != "sub":
            ends_in_text = bool(frame.written) and frame.written[-1] == frame.plain[-1]
            written = self._emphasised(kind, written, (before, after), brackets=ends_in_text)
        frames[-1].add(written, plain)

    def _drop(self, frames: list[_Frame]) -> None:
        """Leave out a mark that nothing closes, and keep what stands behind it."""
        frame = frames.pop()
        frames[-1].add("".join(frame.written), "".join(frame.plain))

    # ------------------------------------------------------------ what platforms write otherwise

    def code_span(self, code: str) -> str:
        """Return code within a line, whatever backticks it holds."""
        code = " ".join(code.split())
        if not code:
            return ""
        runs = set(map(len, _BACKTICKS.findall(code)))
        if {1, 2} <= runs:  # three backticks are a code block to some
            code, runs = code.replace("``", "`\u200b`"), {1}
        mark = "``" if 1 in runs else "`"
        space = " " if runs else ""
        return f"{mark}{space}{code}{space}{mark}"

    def address(self, address: str, after: str) -> str:
        """Return a link whose label is its address; `after` is the character behind it, "" at the end."""
        del after
        return f"<{percent_encoded(address)}>"

    def named_link(self, label: str, address: str) -> str:
        """Return a link with a label."""
        return f"[{label}](<{percent_encoded(address)}>)"

    def escape(self, text: str) -> str:
        """Return a text in which nothing is a mark."""
        return self.escaped.sub(lambda mark: f"\\{mark.group()}", text)

    # ------------------------------------------------------------ helpers

    def _escaped(self, text: str, *, at_start: bool) -> str:
        return self.escape_at_start(text) if at_start else self.escape(text)

    def escape_at_start(self, text: str) -> str:
        """Return a text at the beginning of a line, where it begins no block."""
        start = self.escaped_at_start.match(text)
        if start is None:
            return self.escape(text)
        number = start["number"] or ""
        rest = text[len(number) :]
        return f"{number}\\{rest[:1]}{self.escape(rest[1:])}"

    def marked(self, kind: str, text: str, before: str = "", after: str = "") -> str:  # noqa: ARG002 - for platforms
        """Return a text between marks; `before` and `after` are the characters around it."""
        mark = self.marks[kind]
        return f"{mark}{text}{mark}"

    def _emphasised(self, kind: str, written: str, around: tuple[str, str], *, brackets: bool) -> str:
        """Return a text between marks, spaces outside of them, and punctuation that would hide them from a reader.

        `brackets` says that a bracket at its end is one, and not the end of a link.
        """
        text, (before, after) = written.strip(), around
        movable = _MOVABLE + (_CLOSING if brackets else "")
        if not text or not self.marks[kind]:
            return written
        head = written[: len(written) - len(written.lstrip())]
        tail = written[len(written.rstrip()) :]
        start, end = 0, len(text)
        if not tail and after.isalnum():
            while end > 0 and _is_movable(text[end - 1], movable) and text[end - 2 : end - 1] != "\\":
                end -= 1
        if not head and before.isalnum():
            while start < end and not text[start].isascii() and is_punctuation(text[start]):
                start += 1
        if start >= end:
            return written
        beside = (head or text[:start] or before)[-1:], (text[end:] or tail or after)[:1]
        return f"{head}{text[:start]}{self.marked(kind, text[start:end], *beside)}{text[end:]}{tail}"

    def _link(self, written: str, plain: str, target: tuple[str, str], after: str) -> tuple[str, str]:
        """Return a link, and what is read of it: no label hides where it leads to."""
        address, kind = target
        label = visible(plain).strip()
        is_allowed = self.allowed(address)
        if address.lower().startswith("mailto:"):
            mail = address[len("mailto:") :]
            same = label in {"", mail, address}
            return (self.escape(mail), mail) if same else (f"{written} ({self.escape(mail)})", f"{plain} ({mail})")
        self.has_unknown = self.has_unknown or not is_allowed
        if not label and kind == "image":
            written = label = "image"
        if kind == "address" or label in {"", address}:
            return self.address(address, after), address
        if is_allowed and not pretends(label, address):
            return self.named_link(" ".join(written.split()), address), label
        shown = self.code_span(label) if looks_like_address(label) else written
        return f"{shown} ({self.address(address, ')')})", f"{label} ({address})"


def percent_encoded(address: str) -> str:
    """Return an address without what could end it where it is written."""
    return _NOT_IN_ADDRESS.sub(lambda each: "".join(f"%{byte:02X}" for byte in each.group().encode()), address)


def _first_character(children: Sequence[Token], at: int, behind: str) -> str:
    """Return the first character that is shown from a token on, as far as that token tells; `behind` is that after
    the last one.
    """
    if at == len(children):
        return behind
    token = children[at]
    if token.type in {"softbreak", "hardbreak"}:
        return "\n"
    return token.content[:1] if token.type == "text" else "`"


def _is_movable(character: str, movable: str) -> bool:
    return character in movable or (not character.isascii() and is_punctuation(character))
