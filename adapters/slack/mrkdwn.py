"""Convert Slack's mrkdwn to Markdown: the same look, names in place of ids, and no formatting added.

mrkdwn: https://docs.slack.dev/messaging/formatting-message-text. Slack escapes `&`, `<` and `>` in all text, and writes
mentions, links and dates between angle brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from urllib.parse import quote

LINK_SCHEMES = ("http://", "https://", "mailto:", "tel:", "ftp://")

_ESCAPED = re.compile("&(amp|lt|gt);")
_UNESCAPED = {"amp": "&", "lt": "<", "gt": ">"}

_FENCED = re.compile(r"```(?P<code>.+?)```", re.DOTALL)
_ENTITY = re.compile(r"<(?P<entity>[^<>\n]+)>")
# A mark formats where it stands at the edges of words and what is between starts and ends without a space.
_MARKED = (
    r"(?<![\w{mark}]){mark}(?=[^\s{mark}])"
    r"(?P<{name}>(?:<[^<>\n]*>|`[^`\n]+`|[^{mark}\n<`])+)"
    r"(?<!\s){mark}(?![\w{mark}])"
)
_INLINE = re.compile(
    "|".join(
        (
            _ENTITY.pattern,
            r"`(?P<code>[^`\n]+)`",
            _MARKED.format(mark=r"\*", name="bold"),
            _MARKED.format(mark="_", name="italic"),
            _MARKED.format(mark="~", name="strike"),
        )
    )
)
_MARKDOWN_MARKS = {"bold": "**", "italic": "_", "strike": "~~"}

_QUOTE = re.compile(r"(?:&gt;|>) ?")
_QUOTE_TO_THE_END = re.compile(r"(?:&gt;|>){3} ?")
_ITEM = re.compile(r"(?P<indent>\s*)(?:[•◦▪●○■-]\ufe0e?|(?P<number>\d{1,9}[.)]))\s+(?=\S)")
_INDENT_WIDTH = 4  # spaces that Slack puts before each level of a list

# What would be formatting in Markdown and was none in Slack: anywhere in a line, and at its start.
_SPECIAL = r"""
      [*`<]                                # emphasis, code, HTML
    | \\(?=[!-/:-@\[-`{-~]|$)              # an escape or a hard break
    | (?<![^\W_])_ | _(?![^\W_])           # emphasis, which needs the edge of a word
    | ~(?=~) | (?<=~)~                     # strikethrough
    | \](?=[(\[:])                         # the end of a link's label
    | &(?=\#?\w+;)                         # a character by its name
"""
_SPECIAL_IN_TEXT = re.compile(_SPECIAL, re.VERBOSE)
_SPECIAL_IN_LABEL = re.compile(_SPECIAL + r"| [\[\]]", re.VERBOSE)
_SPECIAL_START = re.compile(
    r"""\#{1,6}(?:\s|$) | > | \+(?:\s|$)   # a heading, a quote, a list
      | [:|\s]*+[-=][-=:|\s]*+$            # a rule, an underline, the second line of a table
    """,
    re.VERBOSE,
)
_NUMBER_START = re.compile(r"^(\d{1,9})([.)])(?=\s|$)")
_UNSAFE_IN_URL = re.compile(r"[\s<>\\`\x00-\x1f]")
_NAMED_CHARACTER = re.compile(r"&(?=#?\w+;)")


def to_markdown(text: str, names: Mapping[str, str]) -> str:
    """Return a message's mrkdwn as Markdown; `names` are those of people, channels and groups by id. Never raises."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    parts: list[str] = []
    end = 0
    for fence in _FENCED.finditer(text):
        parts += _prose(text[end : fence.start()], names)
        parts.append(_fenced(to_plain(fence["code"], names)))
        end = fence.end()
    parts += _prose(text[end:], names)
    return "\n".join(parts)


def to_plain(text: str, names: Mapping[str, str]) -> str:
    """`text` with names in place of ids and formatting marks left as they are, for what shows no formatting."""
    parts: list[str] = []
    end = 0
    for match in _ENTITY.finditer(text):
        parts += [_unescape(text[end : match.start()]), _entity_text(match["entity"], names)]
        end = match.end()
    return "".join((*parts, _unescape(text[end:])))


def _unescape(text: str) -> str:
    return _ESCAPED.sub(lambda match: _UNESCAPED[match[1]], text) if "&" in text else text


# ---------------------------------------------------------------- blocks


def _fenced(code: str) -> str:
    fence = "`" * max(3, _longest_run(code) + 1)
    return f"{fence}\n{code.strip(chr(10))}\n{fence}"


def _longest_run(code: str) -> int:
    return max((len(run) for run in re.findall("`+", code)), default=0)


def _prose(text: str, names: Mapping[str, str]) -> list[str]:
    """Return the lines of text outside code blocks; a quote is closed by an empty line, or the next line
    would join it.
    """
    lines: list[str] = []
    for quoted, block in groupby(_unquoted(text.strip("\n ")), key=lambda line: line[0]):
        written = _paragraphs((line for _, line in block), names)
        if quoted:
            written = [f"> {line}".rstrip() for line in written]
        elif lines and written[0]:
            lines.append("")
        lines += written
    return lines if any(lines) else []


def _unquoted(text: str) -> Iterator[tuple[bool, str]]:
    """Each line without its mark of a quote, and whether it had one."""
    to_the_end = False
    for line in text.split("\n"):
        mark = None if to_the_end else _QUOTE_TO_THE_END.match(line)
        to_the_end = to_the_end or mark is not None
        mark = mark or (None if to_the_end else _QUOTE.match(line))
        yield to_the_end or mark is not None, line[mark.end() :] if mark else line


def _paragraphs(lines: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """Lines of text and of lists; a list is closed by an empty line, for the same reason."""
    written: list[str] = []
    level = -1  # of the list item in the line before, -1 where that is none
    for line in lines:
        item = _ITEM.match(line)
        if item:
            level = min(len(item["indent"].expandtabs(_INDENT_WIDTH)) // _INDENT_WIDTH, level + 1)
            content = _line(line[item.end() :], names)
            written.append(f"{' ' * _INDENT_WIDTH * level}{item['number'] or '-'} {content}")
            continue
        if level >= 0 and line.strip():
            written.append("")
        level = -1
        written.append(_line(line, names))
    return written


def _line(text: str, names: Mapping[str, str]) -> str:
    """One line, whose indentation becomes spaces that do not make it code."""
    stripped = text.strip()
    if not stripped:
        return ""
    indent = text[: text.index(stripped[0])].expandtabs(_INDENT_WIDTH)
    content = _NUMBER_START.sub(r"\1\\\2", _inline(stripped, names))
    if _SPECIAL_START.match(content):
        content = f"\\{content}"
    return "\u00a0" * len(indent) + content


# ---------------------------------------------------------------- within a line


def _inline(text: str, names: Mapping[str, str]) -> str:
    written: list[str] = []
    end = 0
    for match in _INLINE.finditer(text):
        if match.start() > end:
            written.append(_literal(_unescape(text[end : match.start()])))
        piece = _formatted(match, names)
        if piece.startswith("[") and written and written[-1].endswith("!"):
            written[-1] = f"{written[-1][:-1]}\\!"  # or the link would become an image
        if piece:
            written.append(piece)
        end = match.end()
    return "".join((*written, _literal(_unescape(text[end:]))))


def _literal(text: str, special: re.Pattern[str] = _SPECIAL_IN_TEXT) -> str:
    return special.sub(lambda match: f"\\{match[0]}", text)


def _formatted(match: re.Match[str], names: Mapping[str, str]) -> str:
    if match["entity"] is not None:
        return _entity(match["entity"], names)
    if match["code"] is not None:
        return _code(to_plain(match["code"], names))
    kind = match.lastgroup or ""
    mark = _MARKDOWN_MARKS[kind]
    return f"{mark}{_inline(match[kind], names)}{mark}"


def _code(code: str) -> str:
    fence = "`" * (_longest_run(code) + 1)
    padding = " " if code.startswith(("`", " ")) or code.endswith(("`", " ")) else ""
    return f"{fence}{padding}{code}{padding}{fence}"


# ---------------------------------------------------------------- what stands between angle brackets


def _entity(entity: str, names: Mapping[str, str]) -> str:
    target, _, label = (_unescape(part) for part in entity.partition("|"))
    if not target.lower().startswith(LINK_SCHEMES):
        return _literal(_entity_text(entity, names))
    url = _UNSAFE_IN_URL.sub(lambda match: quote(match[0]), target)
    if label.strip() in {"", target}:
        return f"<{url}>"
    url = _NAMED_CHARACTER.sub("&amp;", url).replace("(", "%28").replace(")", "%29")
    return f"[{_literal(label.strip(), _SPECIAL_IN_LABEL)}]({url})"


def _entity_text(entity: str, names: Mapping[str, str]) -> str:
    """Return what people see of a mention, a date or a link, without its formatting."""
    target, _, label = (_unescape(part) for part in entity.partition("|"))
    kind, id = target[:1], target[1:]
    if kind in {"@", "#"}:
        return kind + (_one_line(names.get(id, "")) or _one_line(label) or id)
    if kind != "!":
        return label or target
    command, *rest = id.split("^")
    if command == "date":
        return label or _date(rest)
    group = names.get(rest[0], "") if rest else ""
    return "@" + (_one_line(group) or _one_line(label) or (rest[0] if rest else command)).removeprefix("@")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _date(rest: Sequence[str]) -> str:
    """Return the moment that a date without a fallback text names, in UTC."""
    try:
        return f"{datetime.fromtimestamp(int(rest[0]), tz=UTC):%Y-%m-%d %H:%M} UTC"
    except (IndexError, ValueError, OverflowError, OSError):
        return " ".join(rest)
