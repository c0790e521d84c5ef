"""Pages and scripts say nothing of their own: what people read there comes from the catalogues too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import Environment
from jinja2.lexer import TOKEN_STRING

from adapters.web.playground.script_words import SCRIPT_WORDS
from scripts.catalogues import ROOT

WEB = ROOT / "adapters" / "web"
READ_ATTRIBUTES = frozenset({"alt", "aria-label", "placeholder", "title"})
NAMES = frozenset({"CSV", "Seedling", "Enter", "Shift", "Tab", "Alt", "Esc"})
"""What is called so in every language: ourselves, keys and formats."""
AS_TYPED = frozenset({"code", "style", "script", "kbd"})
WORD = re.compile(r"[A-Za-z]{2,}")
OURS = r"\{%.*?%\}|\{\{.*?\}\}"
CLASSES = r"\{% block body_class %\}.*?\{% endblock %\}"
LEXER = Environment(autoescape=True, extensions=["jinja2.ext.i18n"])
LOOKED_UP = re.compile(r"(?:_|ngettext)\(\s*\Z")
SCRIPT_STRING = re.compile(r'(?<!say\()"((?:[^"\\\n]|\\.)*)"|(?<!say\()`([^`]*)`' + r"|(?<!say\()'((?:[^'\\\n]|\\.)*)'")
SENTENCE = re.compile(r"^[A-Z]?[a-z]+(?:[ ,][A-Za-z@]+[,.]?)+[.:…]?$|^[A-Z][a-z]+$")
OF_THE_DOM = re.compile(r"[A-Z]\w*|module|use strict|image/\w+")
"""Names of keys and classes of the browser."""


class Page(HTMLParser):
    """Collects what people read in a template whose own expressions are taken out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        self.found += [value for name, value in attrs if name in READ_ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not AS_TYPED & set(self._open):
            self.found.append(re.sub(r'[\w-]+="[^"]*"', "", data))  # attributes that a macro makes


def words_of_template(source: str) -> Iterator[str]:
    """What stands in a page as it is, and in its expressions where nobody looks it up."""
    page = Page()
    page.feed(re.sub(f"{CLASSES}|{OURS}|\\{{#.*?#\\}}", " ", source, flags=re.DOTALL))
    for text in page.found:
        yield from (word for word in WORD.findall(text) if word not in NAMES)
    for expression in re.findall(OURS, source, re.DOTALL):
        before = ""
        for _, kind, text in LEXER.lex(expression):
            literal = text[1:-1] if kind == TOKEN_STRING else ""
            if " " in literal.strip() and SENTENCE.match(literal.strip()) and not LOOKED_UP.search(before):
                yield literal
            before += text


def test_templates_say_nothing_outside_the_catalogues() -> None:
    found = {
        str(path.relative_to(WEB)): words
        for path in sorted(WEB.glob("*/templates/*.html"))
        if (words := list(words_of_template(path.read_text())))
    }
    assert found == {}


def test_a_sentence_in_a_template_is_seen() -> None:
    source = '<p title="{{ _("Fine") }}">Hello {{ "not fine" if x else _("also fine") }}</p><img alt="bad">'
    assert list(words_of_template(source)) == ["Hello", "bad", "not fine"]


def sentences_of_script(path: Path) -> Iterator[str]:
    source = re.sub(r"/\*.*?\*/|^\s*//.*$|\s// .*$|^import .*$", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
    for match in SCRIPT_STRING.finditer(source):
        text = next(group for group in match.groups() if group is not None)
        for piece in re.sub(r"<[^>]*>", "\n", text).split("\n"):
            if SENTENCE.match(piece.strip()) and not OF_THE_DOM.fullmatch(piece.strip()):
                yield f"{path.name}: {piece.strip()}"


def test_scripts_say_what_the_page_hands_them_and_nothing_else() -> None:
    scripts = sorted(WEB.glob("*/static/*.js"))
    said = {text for path in scripts for text in re.findall(r'\bsay\("([^"]+)"', path.read_text())}
    assert said == set(SCRIPT_WORDS)
    assert [text for path in scripts for text in sentences_of_script(path)] == []
