"""Rules of the parser for what stands within a paragraph, beside and instead of those of markdown-it."""

from __future__ import annotations

from html import unescape
from typing import Final

from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

from bot.delivery.addresses import LINKED_SCHEMES, bare_address
from bot.delivery.marks import (
    ADDRESS,
    FOOTNOTE,
    FORMULA,
    FORMULA_ENDS,
    KNOWN_TAGS,
    LONGEST_COMMENT,
    RUN,
    SCHEME,
    TAG,
    TAG_LABEL,
    TAG_TARGET,
    TARGET,
    bracket_pairs,
    flanking,
    identifier,
    is_mathematics,
    reach_of_marks,
)

_LINKED: Final = (*LINKED_SCHEMES, "mailto:")
_MANY: Final = 16
"""Delimiters of a text, behind which a run that nothing pairs with is looked for."""

_ESCAPABLE: Final = str.maketrans("", "", "\\")


def emphasis(state: StateInline, silent: bool) -> bool:
    """Note a run of stars, underscores or tildes; what it opens and closes is told by `flanking`."""
    src, start = state.src, state.pos
    marker = src[start]
    if silent or marker not in "*_~":
        return False
    if marker == "_" and (end := identifier(src, start)) > start:
        state.append_pending(src[start:end])
        state.pos = end
        return True
    end = _end_of_run(state, start)
    opens, closes = flanking(src[start:end], src[start - 1] if start else "", src[end : min(end + 2, state.posMax)])
    is_one = marker != "~" or end - start == 2  # two tildes strike through
    if is_one and (opens or closes) and _may_pair(state, start, opens=opens, closes=closes):
        _note_delimiters(state, start, end, opens=opens, closes=closes)
    else:
        state.append_pending(src[start:end])
    state.pos = end
    return True


def _may_pair(state: StateInline, start: int, *, opens: bool, closes: bool) -> bool:
    """Return whether a run that opens may be closed, or the other way round: not looked for in usual texts."""
    if len(state.delimiters) < _MANY or (opens and closes):
        return True
    first_opening, last_closing = reach_of_marks(state.src)[state.src[start]]
    return last_closing > start if opens else first_opening < start


def _end_of_run(state: StateInline, start: int) -> int:
    run = RUN.match(state.src, start, state.posMax)
    return run.end() if run else start + 1


def _note_delimiters(state: StateInline, start: int, end: int, *, opens: bool, closes: bool) -> None:
    marker = state.src[start]
    step = 2 if marker == "~" else 1
    for _ in range(0, end - start, step):
        state.push("text", "", 0).content = marker * step
        state.delimiters.append(
            Delimiter(
                marker=ord(marker),
                length=0 if marker == "~" else end - start,
                token=len(state.tokens) - 1,
                end=-1,
                open=opens,
                close=closes,
            )
        )


def link(state: StateInline, silent: bool) -> bool:
    """Read a link to a web page or a mail address; whatever else stands in its form is text."""
    return state.src[state.pos] == "[" and _linked(state, state.pos, silent, kind="link")


def image(state: StateInline, silent: bool) -> bool:
    """Read an image as a link, since no image of the model's is fetched; one in a link is its label."""
    return state.src.startswith("![", state.pos) and _linked(state, state.pos + 1, silent, kind="image")


def _linked(state: StateInline, start: int, silent: bool, *, kind: str) -> bool:
    closed = bracket_pairs(state.src).get(start, state.posMax)
    is_label = state.linkLevel == 1 and kind == "image"
    if (state.linkLevel and not is_label) or closed + 1 >= state.posMax:
        return False
    target = TARGET.match(state.src, closed + 1)
    if target is None:
        return False
    written = target["angled"] if target["angled"] is not None else target["plain"]
    address = unescape(written).translate(_ESCAPABLE)
    if target.end() > state.posMax or not address.lower().startswith(_LINKED):
        return False
    if not silent:
        most, state.pos, state.posMax = state.posMax, start + 1, closed
        if is_label:
            state.linkLevel += 1  # what is deeper is text, however deep it goes
            state.md.inline.tokenize(state)
            state.linkLevel -= 1
        else:
            _push_link(state, address, kind)
        state.posMax = most
    state.pos = target.end()
    return True


def _push_link(state: StateInline, address: str, kind: str) -> None:
    """Push a link whose label lies between the positions of the state."""
    opening = state.push("link_open", "a", 1)
    opening.attrs, opening.info = {"href": address}, kind
    state.linkLevel += 1
    state.md.inline.tokenize(state)
    state.linkLevel -= 1
    state.push("link_close", "a", -1)


def address(state: StateInline, silent: bool) -> bool:
    """Read an address in running text: a link if it is one of the web, else code."""
    src, colon = state.src, state.pos
    if silent or state.linkLevel or not src.startswith("://", colon):
        return False
    scheme = SCHEME.search(src, max(0, colon - 24), colon)
    if scheme is None or not state.pending.endswith(scheme.group()):
        return False
    run = ADDRESS.match(src, colon + 1, state.posMax)
    if run is None:
        return False
    whole = bare_address(src[scheme.start() : run.end()])
    if len(whole) <= len(scheme.group()) + len("://"):
        return False
    state.pending = state.pending[: -len(scheme.group())]
    if whole.lower().startswith(LINKED_SCHEMES):
        _push_address(state, whole)
    else:
        state.push("code_inline", "code", 0).content = whole
    state.pos = scheme.start() + len(whole)
    return True


def angled(state: StateInline, silent: bool) -> bool:
    """Read what stands between angle brackets: an address, a tag of HTML, a comment."""
    src, start = state.src, state.pos
    if src[start] != "<":
        return False
    end = src.find(">", start, min(state.posMax, start + 2_000))
    inner = src[start + 1 : end] if end > start else ""
    if inner.lower().startswith(_LINKED) and not any(item.isspace() or item == "<" for item in inner):
        if not silent:
            _push_address(state, unescape(inner))
        state.pos = end + 1
        return True
    if src.startswith("<!--", start):
        end = src.find("-->", start, min(state.posMax, start + LONGEST_COMMENT))
        if end > 0:
            if not silent:
                state.push("html_inline", "", 0).content = src[start : end + 3]
            state.pos = end + len("-->")
        return end > 0
    tag = TAG.match(src, start, state.posMax)
    if tag is None or tag["name"].lower() not in KNOWN_TAGS:
        return False
    if not silent:
        token = state.push("html_inline", "", 0)
        token.content, token.tag, token.info = tag.group(), tag["name"].lower(), tag["end"]
        token.attrs = _target_and_label(tag["rest"]) if token.tag in {"a", "img"} else {}
    state.pos = tag.end()
    return True


def _target_and_label(attributes: str) -> dict[str, str | int | float]:
    """Return where a tag of HTML leads to, if that is a link to people, and the words for it."""
    target, label = TAG_TARGET.search(attributes), TAG_LABEL.search(attributes)
    address = "".join(unescape(next(filter(None, target.groups()), "")).split()) if target else ""
    if not address.lower().startswith(_LINKED):
        return {}
    return {"href": address, "alt": unescape(next(filter(None, label.groups()), "")) if label else ""}


def _push_address(state: StateInline, written: str) -> None:
    opening = state.push("link_open", "a", 1)
    opening.attrs, opening.info = {"href": written}, "address"
    state.push("text", "", 0).content = written
    state.push("link_close", "a", -1)


def formula(state: StateInline, silent: bool) -> bool:
    """Read TeX between dollar signs, or between brackets with a backslash."""
    src, start = state.src, state.pos
    end = FORMULA_ENDS.get(src[start : start + 2])
    if end is not None:
        closed = src.find(end, start + 2, min(state.posMax, start + 2_000))
        if closed < 0 or not src[start + 2 : closed].strip():
            return False
        inner, after, display = src[start + 2 : closed], closed + 2, end == "\\]"
    elif src[start] == "$":
        found = FORMULA.match(src, start, state.posMax)
        if found is None or (found["inline"] and not is_mathematics(found["inline"])):
            return False
        inner, after = found["display"] or found["inline"], found.end()
        display = found["display"] is not None
    else:
        return False
    if not silent:
        token = state.push("formula", "", 0)
        token.content, token.block = inner.strip(), display
    state.pos = after
    return True


def footnote(state: StateInline, silent: bool) -> bool:
    """Read the mark of a footnote; at the beginning of a paragraph it is the note's own."""
    found = FOOTNOTE.match(state.src, state.pos, state.posMax) if state.src[state.pos] == "[" else None
    if found is None:
        return False
    end = found.end()
    at_line = state.pos == 0 or state.src[state.pos - 1] == "\n"
    is_note = at_line and state.src.startswith(":", end)
    if not silent:
        token = state.push("footnote", "", 0)
        token.content, token.info = found["name"], "note" if is_note else ""
    state.pos = end + is_note
    return True
