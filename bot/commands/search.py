"""Ask with web search on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bot.commands.arguments import Arg
from bot.commands.ask import OVERRIDES, PRIVATE, QUESTION_CHARACTERS, question_of
from bot.commands.command import Call, Command
from bot.language import gettext_noop
from bot.types import Incoming

DEPTHS: Final[Mapping[str, Mapping[str, str]]] = {
    "quick": {"reasoning_effort": "low"},
    "normal": {},
    "deep": {"reasoning_effort": "high", "max_tokens": "8192"},
}
"""What each depth of a search means for its answer."""


async def _search(call: Call) -> Incoming:
    question = question_of(call, call.values.get("query", ""), DEPTHS[call.values.get("depth", "normal")])
    return replace(question, overrides={**question.overrides, "enable_web_search": "yes"})


COMMAND: Final = Command(
    name="search",
    help=gettext_noop("Ask with web search for this answer. The sources are listed under it."),
    group="ask",
    args=(
        OVERRIDES,
        Arg(
            name="depth",
            kind="choice",
            choices=tuple(DEPTHS),
            named=True,
            help=gettext_noop("How thoroughly to search."),
        ),
        Arg(
            name="query",
            kind="text",
            label="question",
            required=True,
            help=gettext_noop("What to look for."),
            high=QUESTION_CHARACTERS,
        ),
        PRIVATE,
    ),
    private=False,
    asks_model=True,
    handler=_search,
)
