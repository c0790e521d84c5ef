"""Make Markdown of unknown origin safe: only known addresses are links, nothing is fetched, no label lies.

A preview or an image is fetched without anyone's click, so an address that a model was talked into writing can carry
off what it knows. Links are read line by line: no construct here crosses a line, whatever a platform's own reading.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from functools import cached_property
from typing import Final

from bot.delivery.addresses import LINKED_SCHEMES, TRAILING, bare_address, looks_like_address, pretends, visible
from bot.delivery.markdown import BlockState, after_line, may_open

_LONGEST_SHOWN: Final = 300  # of an address that is no link; a picture may be written into one

_TOKEN: Final = re.compile(
    r"(?P<escape>\\[!-/:-@\[-`{-~])|(?P<code>`+)|(?P<open>!?\[)|(?P<close>\])|<(?P<auto>[a-z][a-z0-9+.-]*+:[^<>\s]++)>"
    r"|(?P<bare>(?:[a-z][a-z0-9+.-]{1,30}://|(?:javascript|vbscript|data|file|blob|mailto|tel|sms):|www\.)(?=[^\s<>]))",
    re.IGNORECASE,
)
_RUN_END: Final = re.compile(r"[\s<>]")
_RUN_END_IN_BRACKET: Final = re.compile(r"[\s<>\]]")
_PUNCTUATION: Final = frozenset(TRAILING + ")")
_BETWEEN_BRACKETS: Final = re.compile(r"[^\[\]]+")
_TARGET: Final = re.compile(
    r"""\([ \t]*+(?:<(?P<angled>[^<>]*+)>|(?P<plain>(?:\\.|[^()\s\\]|\((?:\\.|[^()\s\\])*+\))*+))"""
    r"""(?:[ \t]++(?:"[^"]*+"|'[^']*+'|\([^()]*+\)))?[ \t]*+\)"""
)
_ANY_MARK: Final = re.compile(r"[\\`\[\]:]|www\.", re.IGNORECASE)
_NOT_IN_TARGET: Final = re.compile(r"[()<>\\\s\"'`\[\]|]")

Allowed = Callable[[str], bool]


def sanitize_links(text: str, *, allowed: Allowed) -> str:
    """Return the text with links only to http(s) addresses that are `allowed`, and with links in place of
    images.

    Other addresses are shown as inline code. A label that looks like another address is shown as code, with the real
    address beside it. Code blocks are left as they are.
    """
    return "".join(_line_made_safe(line, allowed) if is_text else line for line, is_text, _ in _lines(text))


def stable_prefix_length(text: str) -> int:
    """Return how much of a growing text is settled: `sanitize_links` of that part begins `sanitize_links` of all the
    text may become.

    What is held back is at the end of the last line: a word, or a link, code span or code block not finished yet.
    """
    at = 0
    for line, is_text, state in _lines(text):
        if line.endswith("\n"):
            at += len(line)
        elif is_text and may_open(state, line) is None and state.fence is None:
            at += _Line(line, lambda _: True).unsettled()
    return at


def _lines(text: str) -> list[tuple[str, bool, BlockState]]:
    """Return the lines with their ends, whether they are outside of code blocks, and what is open before them."""
    lines = []
    state = BlockState()
    for line in re.findall(r"[^\n]*\n|[^\n]+\Z", text):
        after = after_line(state, line.removesuffix("\n"))
        stays_code = state.fence is not None and (after.fence is state.fence or after.last == "code")
        opens_code = state.fence is None and after.fence is not None
        lines.append((line, not stays_code and not opens_code, state))
        state = after
    return lines


def as_code(text: str) -> str:
    """Return a text as inline code, of one line, whatever backticks it holds."""
    text = " ".join(text.split())
    if len(text) > _LONGEST_SHOWN:
        text = text[:_LONGEST_SHOWN] + "…"
    if "`" not in text:
        return f"`{text}`" if text else ""
    longest = max(map(len, re.findall("`+", text)))
    return f"{'`' * (longest + 1)} {text} {'`' * (longest + 1)}"


def _line_made_safe(line: str, allowed: Allowed) -> str:
    return _Line(line, allowed).made_safe() if _ANY_MARK.search(line) else line


def _apart(written: str, safe: str) -> str:
    """Return what comes next, kept from being read as one with the backslash or backtick that ends what was
    `written`.
    """
    if not safe.startswith("`"):
        return safe
    backslashes = len(written) - len(written.rstrip("\\"))
    if backslashes % 2:
        return "\\" + safe
    return " " + safe if written.endswith("`") else safe


def _end_of(pattern: re.Pattern[str], text: str, start: int) -> int:
    """Return where the pattern is found next, which may be at the end of the text."""
    found = pattern.search(text, start)
    return len(text) if found is None else found.start()


class _Line:
    """One line outside of code blocks, its marks paired in one pass."""

    def __init__(self, text: str, allowed: Allowed) -> None:
        self._text = text
        self._allowed = allowed
        self._tokens: list[re.Match[str]] = []
        self._pairs: dict[int, int] = {}  # where a code span or bracket begins: where its closing mark begins
        self._open: list[int] = []
        self._addresses: dict[int, tuple[int, int]] = {}  # where one begins: where it ends, and the run it stands in
        self._punctuation: dict[int, int] = {}  # where a run ends: where its last punctuation begins
        self._run_end = 0  # of the run of characters that was looked at last
        self._read()

    def made_safe(self) -> str:
        parts = []
        at = 0
        for token in self._tokens:
            if token.start() >= at and not self._is_mere(token):
                parts.append(self._text[at : token.start()])
                safe, at = self._safe(token)
                parts.append(_apart(parts[-1] or "".join(parts[-2:]), safe))
        return "".join(parts) + self._text[at:]

    def _is_mere(self, token: re.Match[str]) -> bool:
        """Return whether a bracket stays as it is since it is no part of a link, as most are where there are many."""
        if token.lastgroup == "open":
            return token.start() not in self._pairs and self._text[token.start()] == "["
        return token.lastgroup == "close" and not self._text.startswith("(", token.end())

    def unsettled(self) -> int:
        """Return where what may still change begins, in a line that may still grow."""
        ends_in_word = self._text[-1:].strip() != ""
        first = len(self._text) - (len(self._text.rsplit(None, 1)[-1]) if ends_in_word else 0)
        for token in self._tokens:
            if token.start() >= first:
                break
            if token.lastgroup in ("code", "open") and self._is_unfinished(token):
                return token.start()
        covering = [token.start() for token in self._tokens if token.start() < first < token.end()]
        inside = [begin for begin, end in self._pairs.items() if begin < first <= end + 1]
        return min([first, *covering, *inside])

    def _read(self) -> None:
        """Find the marks and pair them; inside of a code span nothing is a mark."""
        ends: dict[int, list[int]] = {}
        for run in reversed(list(re.finditer("`+", self._text))):
            ends.setdefault(len(run.group()), []).append(run.start())
        at = 0
        while token := _TOKEN.search(self._text, at):
            at = token.end()
            self._tokens.append(token)
            if token.lastgroup == "bare":
                at = self._read_address(token.start())
            elif token.lastgroup == "code":
                later = ends.get(len(token.group()), [])
                while later and later[-1] < at:
                    later.pop()
                if later:
                    self._pairs[token.start()] = later[-1]
                    at = later[-1] + len(token.group())
            elif token.lastgroup == "open":
                self._open.append(token.start())
            elif token.lastgroup == "close" and self._open:
                self._pairs[self._open.pop()] = token.start()

    def _read_address(self, start: int) -> int:
        """Note how far an address goes; behind an open bracket it ends at the next closing one."""
        if start >= self._run_end:
            self._run_end = _end_of(_RUN_END, self._text, start)
        end = _end_of(_RUN_END_IN_BRACKET, self._text, start) if self._open else self._run_end
        self._addresses[start] = end, self._run_end
        return end

    def _is_unfinished(self, token: re.Match[str]) -> bool:
        closed = self._pairs.get(token.start())
        if closed is None:
            return True
        if token.lastgroup == "code":
            return closed + len(token.group()) == len(self._text)
        behind = self._text[closed + 1 : closed + 2]
        return not behind or (behind == "(" and _TARGET.match(self._text, closed + 1) is None)

    def _safe(self, token: re.Match[str]) -> tuple[str, int]:
        """Return what stands for the token and what belongs to it, and where to read on."""
        found, end = token.group(), token.end()
        match token.lastgroup:
            case "code":
                closed = self._pairs.get(token.start())
                end = end if closed is None else closed + len(found)
                safe = "\\`" * len(found) if closed is None else self._text[token.start() : end]
            case "open":
                safe, end = self._safe_bracket(token)
            case "close":
                safe = "]\\"
            case "auto":
                safe = found if self._may_link(token["auto"]) else as_code(token["auto"])
            case "bare":
                safe, end = self._safe_bare(token.start())
            case _:
                safe = found
        return safe, end

    def _safe_bare(self, start: int) -> tuple[str, int]:
        """Return an address in the text. It is a link only if it is known up to the next space: platforms
        link as much.
        """
        end, run_end = self._addresses[start]
        address = bare_address(self._text[start:end])
        is_whole = end == run_end or (
            end >= self._punctuation_of(run_end) and bare_address(self._text[start:run_end]) == address
        )
        known = is_whole and self._may_link(address)
        return (address if known else as_code(address)), start + len(address)

    def _punctuation_of(self, run_end: int) -> int:
        """Return where the punctuation begins with which a run ends; the same run is asked for again and again."""
        at = self._punctuation.get(run_end, run_end)
        while at and self._text[at - 1] in _PUNCTUATION:
            at -= 1
        self._punctuation[run_end] = at
        return at

    def _safe_bracket(self, token: re.Match[str]) -> tuple[str, int]:
        """Return an opening bracket: of a link or image with its address, of a reference, or a mere one."""
        closed = self._pairs.get(token.start())
        mark = "\\![" if token.group() == "![" else "["
        if closed is None:
            return mark, token.end()
        target = _TARGET.match(self._text, closed + 1)
        if target is not None:
            label = self._text[token.end() : closed]
            address = target["angled"] if target["angled"] is not None else target["plain"]
            return self._safe_link(label, address, image=len(token.group()) > 1), target.end()
        if self._address_within(token.end(), closed):
            return mark.replace("[", "\\["), token.end()
        return mark, token.end()

    def _address_within(self, start: int, end: int) -> bool:
        """Return whether what stands between two brackets looks like an address."""
        return bisect_left(self._like_addresses, start) < bisect_left(self._like_addresses, end)

    @cached_property
    def _like_addresses(self) -> list[int]:
        """Return where stretches without brackets begin that look like addresses: brackets nest, so each is
        read once.
        """
        stretches = _BETWEEN_BRACKETS.finditer(self._text)
        return [stretch.start() for stretch in stretches if looks_like_address(stretch.group())]

    def _safe_link(self, label: str, address: str, *, image: bool) -> str:
        words = self._plain_label(label) or ("image" if image else "")
        if not self._may_link(address):
            shown = as_code(visible(words)) if looks_like_address(words) else words
            return f"{shown} {as_code(address)}".strip() if address != words else as_code(address)
        target = _NOT_IN_TARGET.sub(lambda each: "".join(f"%{byte:02X}" for byte in each.group().encode()), address)
        if not words or visible(words) == address:
            return target
        if pretends(words, address):
            return f"{as_code(visible(words))} ({target} )"
        return f"[{words}]({target})"

    def _plain_label(self, label: str) -> str:
        """Return a label without marks that could end it, be an image, or open code that it does not close."""
        words = label.replace("![", "[").replace("](", "]\\(").strip()
        backticks = re.findall("`+", words)
        if len(backticks) != 2 or backticks[0] != backticks[1]:
            words = words.replace("`", "")
        return words

    def _may_link(self, address: str) -> bool:
        return (
            address.lower().startswith(LINKED_SCHEMES)
            and "`" not in address
            and "\\" not in address
            and self._allowed(address)
        )
