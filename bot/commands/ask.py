"""Ask a question with parameters of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bot.commands.arguments import Arg
from bot.commands.command import Call, Command
from bot.language import gettext_noop
from bot.parameters import PARAMETERS
from bot.types import EMPTY, Incoming

QUESTION_CHARACTERS: Final = 4_000
"""Of a question in a form; people write longer ones as a message."""

OVERRIDES: Final = Arg(name="overrides", kind="overrides", label="name=value ...")
PRIVATE: Final = Arg(name="private", kind="flag", help=gettext_noop("Only you see the answer."))


def question_of(call: Call, text: str, defaults: Mapping[str, str] = EMPTY) -> Incoming:
    """Return the question that a command asks; `defaults` are parameters that come with the command itself.

    What the message holds beside the command (cards, what it replies to) stays.
    """
    asked = call.incoming
    whole = asked.text.replace(asked.typed, text, 1) if asked.typed and asked.typed in asked.text else text
    given = {name: value for name, value in call.values.items() if name in PARAMETERS}
    return replace(asked, text=whole, overrides={**defaults, **asked.overrides, **given}, is_directed=True)


async def _ask(call: Call) -> Incoming:
    return question_of(call, call.values.get("question", ""))


COMMAND: Final = Command(
    name="ask",
    help=gettext_noop("Ask a question. Parameters named before it apply to this answer only."),
    group="ask",
    args=(
        OVERRIDES,
        Arg(
            name="question",
            kind="text",
            required=True,
            help=gettext_noop("What you want to know."),
            high=QUESTION_CHARACTERS,
        ),
        PRIVATE,
        Arg(name="file", kind="file", help=gettext_noop("A picture, video or document to ask about.")),
    ),
    private=False,
    asks_model=True,
    handler=_ask,
)
