"""Render Markdown of people and models as HTML that cannot run anything.

Raw HTML is text, links lead only to http, https and mailto, images become links, and code is coloured by class names.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, image, link
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class, get_all_lexers

from bot.delivery.addresses import bare_address
from bot.delivery.document import dispatching, guarded_table, release
from bot.language import gettext, language

ALLOWED_SCHEMES = frozenset({"http", "https", "mailto"})
HIGHLIGHT_LIMIT = 20_000
"""Longer code stays plain: lexers are regular expressions and may take their time."""

_PLACE = re.compile(r"/c(?:/[\w.%~-]+){2,3}(?:#[\w.%~-]+)?", re.ASCII)  # a place in the playground itself
_BARE_URL = re.compile(r"https?://[^\s<>\"'`]+")
_MENTION = re.compile(r"(?<![\w@/.])(@seedling)\b", re.IGNORECASE)
_IN_LINK = "in_link"
_LINKS_END = "links_end"
_LINK_ATTRIBUTES = {"target": "_blank", "rel": "noopener noreferrer"}


def render_markdown(text: str) -> str:
    """`text` as safe HTML; remembered for a moment, since several pages show the same text."""
    return render_in(text, language())


@lru_cache(maxsize=128)
def render_in(text: str, language: str) -> str:  # noqa: ARG001 - code has a button, whose words are ours
    """Return the same in a language."""
    return render_afresh(text)


def render_afresh(text: str) -> str:
    """Return the same, rendered now."""
    parser, env = _parser(), dict[str, Any]()
    tokens = parser.parse(text, env)
    rendered = str(parser.renderer.render(tokens, parser.options, env))
    release(tokens)
    return rendered


class GrowingMarkdown:
    """A text that grows at its end, as safe HTML: only its last block is read again at each step.

    What stands before the last block no longer changes, but for links whose addresses are told at the end: those are
    links once the whole is rendered.
    """

    def __init__(self) -> None:
        self._text = ""  # the blocks that no longer change
        self._html = ""

    def render(self, text: str) -> str:
        """Return the HTML of the text as it is now."""
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if not text.startswith(self._text):
            self._text = self._html = ""
        parser, env = _parser(), dict[str, Any]()
        rest = text[len(self._text) :]
        tokens = parser.parse(rest, env)
        last = max((index for index, token in enumerate(tokens) if _begins_block(token)), default=0)
        place = tokens[last].map if tokens else None
        if last and place:
            line = place[0]
            self._text += "".join(f"{each}\n" for each in rest.split("\n", line)[:line])
            self._html += parser.renderer.render(tokens[:last], parser.options, env)
        return self._html + str(parser.renderer.render(tokens[last:], parser.options, env))


def _begins_block(token: Token) -> bool:
    return token.level == 0 and token.nesting >= 0 and token.map is not None


def is_safe_url(url: str) -> bool:
    """Return whether a link may lead there."""
    try:
        return urlsplit(url.strip()).scheme.lower() in ALLOWED_SCHEMES
    except ValueError:
        return False


def _may_link(url: str) -> bool:
    return is_safe_url(url) or _PLACE.fullmatch(url) is not None


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    parser.disable("lheading")  # a line of dashes under a sentence is a rule in a chat, not a heading
    parser.validateLink = _may_link  # type: ignore[method-assign]  # the documented way to set a policy
    parser.core.ruler.after("inline", "mentions", _mark_mentions)
    parser.core.ruler.after("inline", "bare_urls", _link_bare_urls)
    parser.core.ruler.after("bare_urls", "shown_addresses", _show_addresses)
    parser.core.ruler.after("inline", "images_in_links", _mark_images_in_links)
    parser.inline.ruler.at("link", lambda state, silent: _may_have_links(state) and link(state, silent))
    parser.inline.ruler.at("image", lambda state, silent: _may_have_links(state) and image(state, silent))
    parser.block.ruler.at("table", guarded_table, {"alt": ["paragraph", "reference"]})
    for name, rule in (("fence", _fence), ("code_block", _fence), ("image", _image), ("link_open", _link_open)):
        parser.add_render_rule(name, rule)
    parser.add_render_rule("table_open", lambda *_: '<div class="table"><table>\n')
    parser.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return dispatching(parser)


# ---------------------------------------------------------------- links and images


def _may_have_links(state: StateInline) -> bool:
    """Return whether brackets can be links here: looking for the ends of each label and address is costly where there
    are none.
    """
    text, last = state.env.get(_LINKS_END, (None, -1))
    if text is not state.src:
        last = state.src.rfind(")") if "](" in state.src else -1
        state.env[_LINKS_END] = state.src, last
    return bool(state.pos < last or state.env.get("references"))


def _link_open(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    for name, value in _LINK_ATTRIBUTES.items():
        tokens[index].attrSet(name, value)
    return self.renderToken(tokens, index, options, env)


def _image(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    token = tokens[index]
    label = self.renderInlineAsText(token.children or [], options, env) or gettext("image")
    shown = html.escape(label)
    source = str(token.attrs.get("src", ""))
    if token.meta.get(_IN_LINK) or not is_safe_url(source):
        return shown
    link = f'<a class="image-link" href="{html.escape(source)}"{_attributes(_LINK_ATTRIBUTES)}>{shown}</a>'
    return link if label == source else link + _beside(source)


def _mark_images_in_links(state: StateCore) -> None:
    """Note at each image whether it stands in a link, which cannot hold another one."""
    for token in state.tokens:
        depth = 0
        for child in token.children or ():
            depth += child.nesting if child.type in ("link_open", "link_close") else 0
            if child.type == "image" and depth > 0:
                child.meta[_IN_LINK] = True


def _show_addresses(state: StateCore) -> None:
    """Put the address beside each link whose label is another text, so that no label hides where it leads to."""
    for token in state.tokens:
        if token.type == "inline" and token.children and any(child.type == "link_open" for child in token.children):
            token.children = list(_with_addresses(token.children))


def _with_addresses(tokens: Sequence[Token]) -> Iterator[Token]:
    address, label = "", ""
    for token in tokens:
        yield token
        if token.type == "link_open":
            address, label = str(token.attrs["href"]), ""
        elif token.type == "link_close" and "://" in address and label.strip() != address:
            yield Token("html_inline", "", 0, content=_beside(address))
        else:
            label += token.content


def _beside(address: str) -> str:
    return f'<span class="link-address"> ({html.escape(address)})</span>'


def _attributes(attributes: Mapping[str, str]) -> str:
    return "".join(f' {name}="{html.escape(value)}"' for name, value in attributes.items())


def _link_bare_urls(state: StateCore) -> None:
    """Make links of the addresses that stand in plain text."""
    for token in state.tokens:
        if token.type == "inline" and token.children and "://" in token.content:
            token.children = list(_with_links(token.children))


def _with_links(tokens: Sequence[Token]) -> Sequence[Token]:
    depth = 0
    result: list[Token] = []
    for token in tokens:
        depth += token.nesting if token.type in ("link_open", "link_close") else 0
        if token.type == "text" and depth == 0:
            result.extend(_split_at_urls(token.content, token.level))
        else:
            result.append(token)
    return result


def _split_at_urls(text: str, level: int) -> Sequence[Token]:
    result: list[Token] = []
    end = 0
    for match in _BARE_URL.finditer(text):
        address = bare_address(match.group())
        if not is_safe_url(address):
            continue
        result.append(Token("text", "", 0, content=text[end : match.start()], level=level))
        result.append(Token("link_open", "a", 1, attrs={"href": address}, level=level))
        result.append(Token("text", "", 0, content=address, level=level + 1))
        result.append(Token("link_close", "a", -1, level=level))
        end = match.start() + len(address)
    result.append(Token("text", "", 0, content=text[end:], level=level))
    return result


def _mark_mentions(state: StateCore) -> None:
    """Make a mention of the bot stand out."""
    for token in state.tokens:
        if token.type == "inline" and token.children and "@" in token.content:
            token.children = [piece for child in token.children for piece in _split_at_mentions(child)]


def _split_at_mentions(token: Token) -> Sequence[Token]:
    if token.type != "text":
        return [token]
    return [
        Token("html_inline", "", 0, content=f'<span class="mention">{piece}</span>')
        if _MENTION.fullmatch(piece)
        else Token("text", "", 0, content=piece, level=token.level)
        for piece in _MENTION.split(token.content)
        if piece
    ]


# ---------------------------------------------------------------- code


def _fence(
    self: RendererHTML,  # noqa: ARG001  # the signature of a render rule
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,  # noqa: ARG001
    env: MutableMapping[str, Any],  # noqa: ARG001
) -> str:
    token = tokens[index]
    written_in = token.info.split(maxsplit=1)[0] if token.info.strip() else ""
    copy, label = html.escape(gettext("Copy")), html.escape(gettext("Copy code"))
    return (
        f'<div class="code"><div class="code-bar"><span>{html.escape(written_in[:30]) or "text"}</span>'
        f'<button type="button" class="copy" aria-label="{label}">{copy}</button></div>'
        f'<pre tabindex="0"><code>{_coloured(token.content, written_in.lower())}</code></pre></div>\n'
    )


@lru_cache(maxsize=256)
def _coloured(code: str, language: str) -> str:
    lexer = _lexer(language) if len(code) <= HIGHLIGHT_LIMIT else None
    if lexer is None:
        return html.escape(code)
    return str(highlight(code, lexer, HtmlFormatter(nowrap=True, classprefix="tok-")))


@lru_cache(maxsize=128)
def _lexer(language: str) -> Lexer | None:
    name = _lexer_names().get(language)
    lexer = find_lexer_class(name) if name else None
    return lexer(stripnl=False) if lexer else None


@cache
def _lexer_names() -> Mapping[str, str]:
    """Return the names of the lexers that Pygments itself has, by alias; plugins are not looked for."""
    return {alias: name for name, aliases, _, _ in get_all_lexers(plugins=False) for alias in aliases}
