"""What people read is said in their language: every sentence has a place in the catalogues, and each one is whole."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from bot.delivery.footer import footer_parts, is_footer
from bot.language import (
    CATALOGUES,
    ENGLISH,
    day,
    dollars,
    gettext,
    languages,
    listed,
    minute,
    ngettext,
    number,
    speaking,
    supported,
    weekday_and_minute,
)
from bot.types import Footer, Usage
from scripts.catalogues import ROOT, template, unfinished

FOREIGN = [code for code in languages() if code != ENGLISH]

ROOMS = (
    "bot/access", "bot/chat", "bot/commands", "bot/delivery", "bot/summary", "bot/turns", "bot/parameters.py",
    "adapters/slack/events", "adapters/slack/replies", "adapters/slack/api/errors.py", "adapters/slack/api/history.py",
    "adapters/discord/events", "adapters/discord/replies", "adapters/discord/api/errors.py",
    "adapters/web/console", "adapters/web/frame", "adapters/web/playground",
)  # fmt: skip
"""Where sentences for people in chats are written."""

FOR_OTHERS = {
    "bot/access/audit_trail.py": "what is recorded is English, whoever reads it",
    "bot/access/control.py": "reasons for the log",
    "bot/chat/follow_ups.py": "reasons for the log",
    "bot/chat/message_markdown.py": "for the model",
    "bot/chat/backfill.py": "names of states",
    "bot/chat/reactions.py": "words that people write",
    "bot/delivery/formulas.py": "names of signs",
    "bot/summary/prompts.py": "for the model",
    "bot/summary/format.py": "for the model, but for what is marked",
    "bot/summary/model_requests.py": "errors for the log",
    "bot/turns/followups.py": "for the model, but for what is marked",
    "adapters/web/frame/origins.py": "values of headers",
    "adapters/web/playground/request_examples.py": "programs",
}
"""Files of those rooms whose other sentences nobody reads in a chat."""

NOT_FOR_PEOPLE = re.compile(
    r"""
    [/\[(|].* | \#.*                                # commands and grammars
    | (?:last|since|add|show|thread|channel|summarise|as\ for|add\ daily)\b.*  # words that are typed
    | (?:not\ meant\ for|another\ bot's|a\ bot's|bots\ among|follow_ups\ is).*  # reasons for the log
    | (?:Slack|Discord)\ refused.* | no\ answer\ from\ Slack.* | the\ app\ is\ not\ installed\ in.*  # errors for it
    | the\ interaction\ can\ no\ longer.* | an\ answer\ took\ too\ long.*
    | (?:stop|generation|conversation)\ .* | Discord:\ .*                       # names of tasks
    | \(mentioned\ without.* | more\ token | web\ search | \ since\ (?:my\ last\ message|last\ summary)
    | <.* | (?:private|public),\ .* | noopener\ noreferrer | open[iI][dD]\ .*           # HTML and protocols
    | (?:must\ be|refused\ sign-in|password\ of|administrator\ link|answer\ on|what\ happens).*  # start, audit, tasks
    | attachment;\ .* | end\ of\ sign-in | whole\ database | [a-z]+[ \w]*\|.* | timed\?.*  # headers, audit, patterns
    | OpenID\ Connect | Seedling's\ playground.* | the\ file\ is\ not.*
    | given\ up:.* | Headline:\ .*                  # the last one for the model
    | (?:As\ in|How\ many\ days).*                 # of commands, whose texts are all in the catalogues
    """,
    re.VERBOSE | re.DOTALL,
)

MARKED = frozenset({"gettext", "gettext_noop", "ngettext", "pgettext", "pgettext_noop"})
LOGGED = frozenset({"debug", "info", "warning", "error", "exception", "start"})
RAISED = frozenset({"AssertionError", "KeyError", "PlatformError", "PlatformRefused", "TypeError", "ValueError"})
SENTENCE = re.compile(r"[A-Za-z'`)*]{2,}[,.:;!?*`]*\s+\S*[A-Za-z]{2,}|[A-Z][a-z]+: `?\{\}.*")


def sentences_outside(path: Path) -> Iterator[str]:
    """What looks like a sentence for people in a file, and is in no call that looks it up."""
    tree = ast.parse(path.read_text())
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        text = _text(node)
        if text and SENTENCE.search(text) and not NOT_FOR_PEOPLE.fullmatch(text) and not _is_looked_up(node, parents):
            yield f"{path.relative_to(ROOT)}:{node.lineno}: {text[:80]!r}"  # type: ignore[attr-defined]  # an expression


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return ""


def _is_looked_up(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    parent = parents[node]
    if isinstance(parent, ast.Expr | ast.Compare | ast.JoinedStr):  # docstrings; what is read; parts of the whole
        return True
    while not isinstance(parent, ast.stmt):
        if isinstance(parent, ast.Call):
            name = parent.func.attr if isinstance(parent.func, ast.Attribute) else getattr(parent.func, "id", "")
            if name in MARKED | RAISED | LOGGED or name in {"compile", "Label"}:
                return True
        parent = parents[parent]
    return False


def test_no_sentence_for_people_stands_outside_the_catalogues() -> None:
    files = [
        path for room in ROOMS for path in ([ROOT / room] if room.endswith(".py") else (ROOT / room).rglob("*.py"))
    ]
    found = [
        told for path in files if str(path.relative_to(ROOT)) not in FOR_OTHERS for told in sentences_outside(path)
    ]
    assert found == []


@pytest.mark.parametrize("code", FOREIGN)
def test_a_catalogue_has_every_sentence_and_no_other_and_all_are_translated(code: str) -> None:
    with (CATALOGUES / f"{code}.po").open("rb") as file:
        catalog = read_po(file, locale=code)
    wanted = {(message.context, message.id) for message in template() if message.id}
    there = {(message.context, message.id) for message in catalog if message.id}
    assert there == wanted, "run `python -m scripts.catalogues`"
    assert unfinished(catalog) == []
    assert [message.id for message in catalog if message.id and _placeholders_differ(message)] == []


def _forms(text: str | Sequence[str] | None) -> Sequence[str]:
    return [text] if isinstance(text, str) else text or []


def _placeholders_differ(message: Message) -> bool:
    texts = [*_forms(message.id), *_forms(message.string)]
    return len({frozenset(name for _, name, _, _ in Formatter().parse(str(text)) if name) for text in texts}) > 1


def test_numbers_money_times_and_lists_are_written_as_people_write_them() -> None:
    at = datetime(2026, 11, 27, 16, 5, tzinfo=UTC)
    with speaking("de"):
        assert (number(12_345), number(0.2), dollars(Decimal("0.0042"), places=4)) == ("12.345", "0,2", "0,0042\xa0$")
        assert (day(at), minute(at)) == ("27.11.26", "27.11.26, 16:05")
        assert weekday_and_minute(at) == "Freitag, 27. November, 16:05"
        assert listed(["a", "b", "c"]) == "a, b und c"
        assert [ngettext("{count} day", "{count} days", count) for count in (0, 1, 2)] == [
            "{count} Tage",
            "{count} Tag",
            "{count} Tage",
        ]
    assert (number(12_345), dollars(Decimal("0.0042"), places=4), minute(at)) == (
        "12,345",
        "$0.0042",
        "2026-11-27 16:05",
    )


@pytest.mark.parametrize("code", languages())
def test_the_small_print_is_known_again_in_every_language(code: str) -> None:
    usage = Usage(input=12_345, cached=1_000, output=1)
    with speaking(code):
        parts = footer_parts(Footer(model="seed", usage=usage, cost=Decimal("0.01"), seconds=61))
    assert is_footer(" · ".join(parts))
    assert not is_footer("Prices · 3 tokens · and more")


@pytest.mark.parametrize(
    ("locale", "language"), [("de-DE", "de"), ("de_AT", "de"), ("en-GB", "en"), ("fr", ""), ("", ""), ("x-y", "")]
)
def test_a_locale_is_spoken_to_in_its_language_if_there_is_one(locale: str, language: str) -> None:
    assert supported(locale) == language


def test_what_a_catalogue_lacks_is_said_in_english() -> None:
    with speaking("de"):
        assert gettext("No such sentence.") == "No such sentence."
