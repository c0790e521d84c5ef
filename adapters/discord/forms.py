"""The forms of the commands as Discord offers them: which options each one has, and what it then says to the bot. Pure.

A command of the table without a form of its own takes one text, so that a new one is offered at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import discord
from discord import app_commands

from adapters.discord.options import FOR_ONE_ANSWER, option_type, overrides_of, parameter_names, short, suggestions
from bot.commands import COMMANDS
from bot.parameters import PARAMETERS

Values = Mapping[str, Any]
Suggest = Callable[[str, Values], Sequence[str]]

Parameters = Literal[tuple(PARAMETERS)]  # type: ignore[valid-type]  # made while running
Where = Literal["thread", "channel", "workspace"]

QUESTION: Final = 4_000
"""Characters of a question; Discord lets 6,000 through (application-commands)."""

DEPTHS: Final[Mapping[str, Mapping[str, str]]] = {
    "quick": {"reasoning_effort": "low"},
    "normal": {},
    "deep": {"reasoning_effort": "high", "max_tokens": "8192"},
}
"""What each depth of a search means for its answer."""

SPANS: Final = ("last 50", "last 200", "since yesterday", "since my last message", "since last summary")
SHOWN: Final = ("context", "memory")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of a command."""

    annotation: Any
    help: str
    required: bool = False
    suggest: Suggest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One command: its options, the text that it hands to the bot, and whether only who asks sees the answer."""

    name: str
    help: str
    options: Mapping[str, Option]
    text: Callable[[Values], str]
    private: bool = True
    overrides: Callable[[Values], Mapping[str, str]] = field(default=lambda _: {})


def command_forms() -> Mapping[str, Form]:
    """The form of every command of the table."""
    special = {form.name: form for form in (_ask(), _search(), _summarise(), *_settings_forms(), *_telling_forms())}
    return {name: special.get(name) or _plain(name) for name in COMMANDS}


def _ask() -> Form:
    options = {
        "question": Option(
            annotation=app_commands.Range[str, 1, QUESTION], help="What you want to know.", required=True
        ),
        "private": Option(annotation=bool, help="Only you see the answer."),
        "file": Option(annotation=discord.Attachment, help="A picture, video or document to ask about."),
        **{name: _parameter(name) for name in FOR_ONE_ANSWER},
    }
    return Form(
        name="ask",
        help=_help("ask"),
        options=options,
        text=lambda values: f"/ask {values['question']}",
        private=False,
        overrides=overrides_of,
    )


def _parameter(name: str) -> Option:
    parameter = PARAMETERS[name]
    completes = parameter.kind in {"list", "text"}
    suggest: Suggest | None = (lambda typed, _: suggestions(name, typed)) if completes else None
    return Option(annotation=option_type(parameter), help=short(parameter.help), suggest=suggest)


def _search() -> Form:
    options = {
        "query": Option(annotation=app_commands.Range[str, 1, QUESTION], help="What to look for.", required=True),
        "depth": Option(annotation=Literal["quick", "normal", "deep"], help="How thoroughly to search."),
        "private": Option(annotation=bool, help="Only you see the answer."),
    }
    return Form(
        name="search",
        help=_help("search"),
        options=options,
        text=lambda values: f"/search {values['query']}",
        private=False,
        overrides=lambda values: DEPTHS[values.get("depth") or "normal"],
    )


def _summarise() -> Form:
    options = {
        "where": Option(annotation=Literal["thread", "channel"], help="This thread, or the channel around it."),
        "what": Option(
            annotation=app_commands.Range[str, 1, 200],
            help="For example: last 50, since yesterday 9am, since my last message.",
            suggest=lambda typed, _: [each for each in SPANS if typed.strip().lower() in each],
        ),
        "private": Option(annotation=bool, help="Only you see the answer."),
    }
    return Form(
        name="summarise",
        help=_help("summarise"),
        options=options,
        text=lambda values: _words("/summarise", values.get("where"), values.get("what")),
        private=False,
    )


def _settings_forms() -> Sequence[Form]:
    named = Option(annotation=Parameters, help="Which parameter.", required=True)
    where = Option(annotation=Where, help="Where it holds: this thread, the channel, or the whole server.")
    value = Option(
        annotation=app_commands.Range[str, 1, QUESTION],
        help="The value that it is to have.",
        required=True,
        suggest=lambda typed, given: suggestions(str(given.get("parameter") or ""), typed),
    )
    return (
        Form(
            name="set",
            help=_help("set"),
            options={"parameter": named, "value": value, "where": where},
            text=lambda values: _words("/set", values.get("where"), values["parameter"], values["value"]),
        ),
        Form(
            name="unset",
            help=_help("unset"),
            options={"parameter": named, "where": where},
            text=lambda values: _words("/unset", values.get("where"), values["parameter"]),
        ),
    )


def _telling_forms() -> Sequence[Form]:
    show = Option(
        annotation=app_commands.Range[str, 1, 100],
        help="A parameter, `context` or `memory`; everything if you leave it out.",
        suggest=lambda typed, _: parameter_names(typed, SHOWN),
    )
    topic = Option(
        annotation=app_commands.Range[str, 1, 100],
        help="A command or a parameter.",
        suggest=lambda typed, _: parameter_names(typed, tuple(COMMANDS)),
    )
    place = Option(
        annotation=Literal["thread", "channel", "workspace", "me"], help="Whose usage: of a place, or your own."
    )
    days = Option(annotation=app_commands.Range[int, 1, 3_650], help="How many days to look back; 30 if left out.")
    forgotten = Option(
        annotation=Literal["memory", "here", "me"],
        help="My notes, all of this conversation, or everything you asked.",
        required=True,
    )
    return (
        Form(
            name="show",
            help=_help("show"),
            options={"what": show},
            text=lambda values: _words("/show", values.get("what")),
        ),
        Form(
            name="usage",
            help=_help("usage"),
            options={"of": place, "days": days},
            text=lambda values: _words("/usage", values.get("of"), values.get("days")),
        ),
        Form(
            name="forget",
            help=_help("forget"),
            options={"what": forgotten},
            text=lambda values: _words("/forget", values["what"]),
        ),
        Form(
            name="help",
            help=_help("help"),
            options={"topic": topic},
            text=lambda values: _words("/help", values.get("topic")),
        ),
        Form(name="stop", help=_help("stop"), options={}, text=lambda _: "/stop"),
    )


def _plain(name: str) -> Form:
    usage = COMMANDS[name].usage.removeprefix(name).strip()
    option = Option(
        annotation=app_commands.Range[str, 1, QUESTION], help=short(f"As in: {usage}" if usage else "Words.")
    )
    return Form(
        name=name,
        help=_help(name),
        options={"words": option},
        text=lambda values: _words(f"/{name}", values.get("words")),
    )


def _help(name: str) -> str:
    return short(COMMANDS[name].help)


def _words(*words: object) -> str:
    return " ".join(str(each) for each in words if each is not None)
