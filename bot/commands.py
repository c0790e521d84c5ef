"""The commands that people type, everywhere alike: "/set ..." where there are slash commands, "!set ..." in threads.

`COMMANDS` is the one table; help, completion and the platforms' own command forms are derived from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot import insight
from bot.effects import Effect, SetParameters, telling
from bot.errors import InvalidInput
from bot.parameter_resolver import effective_at, effective_parameters, scopes_of
from bot.parameters import FIXED_BY_SERVER, PARAMETERS, Effective, Parameter, Scope, find
from bot.ports import SettingStore, Store
from bot.schedules import USAGE as DIGEST
from bot.spending import USAGE
from bot.summary.wanted import USAGE as SUMMARISE
from bot.types import Incoming


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command: how it is typed and what it does, in a line each."""

    name: str
    usage: str
    help: str
    aliases: tuple[str, ...] = ()

    def is_called(self, word: str) -> bool:
        """Whether `word` is its name, or another spelling of it."""
        return word == self.name or word in self.aliases


COMMANDS: Mapping[str, Command] = {
    command.name: command
    for command in (
        Command(
            name="ask",
            usage="ask [name=value ...] question",
            help="Ask a question; parameters named before it hold for this answer only.",
        ),
        Command(
            name="search",
            usage="search [name=value ...] question",
            help="Ask with web search on for this answer; its sources are listed under it.",
        ),
        Command(
            name="summarise",
            usage=SUMMARISE,
            help="Tell what was said in this thread or channel, with links to the messages that each point rests on.",
            aliases=("summarize",),
        ),
        Command(
            name="digest",
            usage=DIGEST,
            help="Summarise this channel by myself, every day or week at a time of yours.",
        ),
        Command(
            name="set",
            usage="set [workspace|channel|thread] parameter value",
            help="Set a parameter for this thread, or for the whole channel or workspace.",
        ),
        Command(
            name="unset",
            usage="unset [workspace|channel|thread] parameter",
            help="Take a setting back, so that the wider one holds again.",
        ),
        Command(
            name="show",
            usage="show [parameter]",
            help="Show each parameter and where it comes from; `show context` and `show memory` tell what I see here.",
        ),
        Command(
            name="usage",
            usage=USAGE,
            help="Tell what was used and what it cost: here, in the channel, in the workspace, or by you.",
        ),
        Command(
            name="forget",
            usage="forget memory|here|me",
            help="Drop my notes on what is out of view, all of this conversation, or everything you asked anywhere.",
        ),
        Command(name="stop", usage="stop", help="Stop the answer that is being written here."),
        Command(name="help", usage="help [command|parameter]", help="Explain the commands and parameters."),
    )
}

SCOPE_WORDS: Mapping[str, int] = {"workspace": 0, "channel": 1, "thread": 2, "conversation": 2, "here": 2}

_COMMAND = re.compile(r"(?P<mark>[/!])(?P<name>[a-z]+)(?:\s+(?P<arguments>.*))?", re.DOTALL | re.IGNORECASE)
_OVERRIDE = re.compile(r'(?P<name>[a-z_-]+)=(?:"(?P<quoted>[^"]*)"|(?P<plain>\S+))\s*', re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """A command as somebody typed it; `arguments` is the rest of the text."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One way to go on typing: `insert` replaces the whole text."""

    insert: str
    label: str
    help: str


# ---------------------------------------------------------------- reading


def parse(text: str) -> Invocation | None:
    """The command that `text` is, or None for plain text. Raises `InvalidInput` for an unknown slash command.

    "!" starts ordinary sentences too, so that an unknown word after it is plain text.
    """
    match = _COMMAND.fullmatch(text.strip())
    if match is None:
        return None
    name = match["name"].lower()
    command = next((each for each in COMMANDS.values() if each.is_called(name)), None)
    if command is not None:
        return Invocation(name=command.name, arguments=(match["arguments"] or "").strip())
    if match["mark"] == "/":
        known = ", ".join(f"/{command}" for command in COMMANDS)
        raise InvalidInput(f"There is no command /{name}. There are: {known}.")
    return None


def parse_question(arguments: str) -> tuple[Mapping[str, str], str]:
    """The parameters for this turn (canonical text) and the question. Raises `InvalidInput` for a bad value.

    Only names of the table count, so that a question may begin with "x=5".
    """
    overrides: dict[str, str] = {}
    rest, at = arguments.strip(), 0
    while (match := _OVERRIDE.match(rest, at)) and _is_parameter(match["name"]):
        parameter = find(match["name"])
        value = match["plain"] if match["quoted"] is None else match["quoted"]
        overrides[parameter.name] = parameter.format(parameter.parse(value))
        at = match.end()
    return overrides, rest[at:]


ASKING = frozenset({"ask", "search"})
"""Commands that ask what stands behind them."""


def question_in(text: str) -> str:
    """Return what a message asks: without the command and the parameters of "/ask" and "/search", else as it is."""
    try:
        invocation = parse(text)
        if invocation is not None and invocation.name in ASKING:
            return parse_question(invocation.arguments)[1]
    except InvalidInput:
        pass
    return text


def parse_overrides(pairs: Sequence[str]) -> Mapping[str, str]:
    """Parameters given as "name=value", as canonical text by name. Raises `InvalidInput`."""
    overrides = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise InvalidInput(f"{pair!r} is not of the form NAME=VALUE, for example reasoning_effort=high.")
        parameter = find(name)
        overrides[parameter.name] = parameter.format(parameter.parse(value))
    return overrides


def _is_parameter(name: str) -> bool:
    key = name.lower().replace("-", "_")
    return key in PARAMETERS or key in FIXED_BY_SERVER


# ---------------------------------------------------------------- deciding


async def decide(invocation: Invocation, incoming: Incoming, store: Store) -> Effect[Any]:
    """Return what a command that neither asks nor stops does; changes nothing. Raises `InvalidInput`."""
    match invocation.name:
        case "set":
            return _set(invocation, incoming)
        case "unset":
            return await _unset(invocation, incoming, store)
        case "show":
            return telling(await _show(invocation, incoming, store))
        case "forget":
            return await insight.forget(invocation.arguments, incoming, store)
        case "help":
            return telling(help_text(invocation.arguments))
        case _:
            raise InvalidInput(f"/{invocation.name} is not available here.")


def _set(invocation: Invocation, incoming: Incoming) -> Effect[int]:
    scope, rest = _scope_to_change(invocation.arguments, incoming)
    name, _, value = rest.partition(" ")
    if not name:
        raise InvalidInput(f"Usage: `/{COMMANDS['set'].usage}`, for example `/set reasoning_effort high`.")
    parameter = find(name)
    if not value.strip():
        raise InvalidInput(f"{parameter.name} takes {parameter.allowed}. {parameter.help}")
    _check_guard(parameter, incoming)
    parsed = parameter.parse(value)
    answer = f"**{parameter.name}** is now {_quoted(parameter, parsed)} for {_place(scope)}."
    change = SetParameters(scope=scope, values={parameter.name: parameter.format(parsed)})
    return Effect(change=change, tell=lambda _: answer)


async def _unset(invocation: Invocation, incoming: Incoming, settings: SettingStore) -> Effect[int]:
    scope, rest = _scope_to_change(invocation.arguments, incoming)
    if not rest:
        raise InvalidInput(f"Usage: `/{COMMANDS['unset'].usage}`, for example `/unset reasoning_effort`.")
    parameter = find(rest)
    _check_guard(parameter, incoming)
    without = (scope, parameter.name)
    now = (await effective_at(incoming.key, settings, overrides=incoming.overrides, without=without))[parameter.name]

    def tell(removed: int) -> str:
        if not removed:
            return f"**{parameter.name}** was not set for {_place(scope)}; nothing has changed."
        return (
            f"**{parameter.name}** is no longer set for {_place(scope)}. "
            f"Here it is now {_quoted(parameter, now.value)} ({origin_text(now)})."
        )

    return Effect(change=SetParameters(scope=scope, values={parameter.name: None}), tell=tell)


async def _show(invocation: Invocation, incoming: Incoming, store: Store) -> str:
    topic = invocation.arguments.strip().lower()
    shown = show_text(await effective_parameters(incoming, store), topic)
    if topic == "context":
        return f"{shown}\n\n{await insight.context_text(incoming.key, store)}"
    if topic == "memory":
        return f"{shown}\n\n{await insight.memory_text(incoming.key, store)}"
    return shown


def _scope(arguments: str, incoming: Incoming) -> tuple[Scope, str]:
    """The scope that a command speaks of, and the rest of it; outside threads that is the channel."""
    word, _, rest = arguments.partition(" ")
    index = SCOPE_WORDS.get(word.lower())
    if index is None:
        index, rest = (1 if incoming.starts_thread else 2), arguments
    if index == 2 and incoming.starts_thread:
        raise InvalidInput("There is no thread here yet. Use it inside a thread, or say `channel`.")
    return scopes_of(incoming.key)[index], rest.strip()


def _scope_to_change(arguments: str, incoming: Incoming) -> tuple[Scope, str]:
    """As `_scope`, where the author may change it. Raises `InvalidInput`."""
    scope, rest = _scope(arguments, incoming)
    if scope.kind == "workspace" and not incoming.administers:
        raise InvalidInput("Only administrators change what holds for the whole workspace. Say `channel` or `thread`.")
    return scope, rest


def _check_guard(parameter: Parameter, incoming: Incoming) -> None:
    if parameter.guarded and not incoming.administers:
        raise InvalidInput(f"Only administrators change {parameter.name}.")


# ---------------------------------------------------------------- telling


def show_text(effective: Mapping[str, Effective], name: str = "") -> str:
    """A table of every parameter's value and origin, or one parameter in full."""
    if name:
        each = effective[find(name).name]
        parameter = each.parameter
        return (
            f"**{parameter.name}** is {_quoted(parameter, each.value)} ({origin_text(each)}).\n\n"
            f"{parameter.help} It takes {parameter.allowed}."
        )
    rows = [f"| {each.parameter.name} | {_cell(each)} | {origin_text(each)} |" for each in effective.values()]
    return "\n".join(("| parameter | value | from |", "|---|---|---|", *rows))


def help_text(topic: str = "") -> str:
    """What can be typed: all commands, or one command or parameter in full. Raises `InvalidInput`."""
    word = topic.strip().lstrip("/!").lower()
    if word in COMMANDS:
        command = COMMANDS[word]
        return f"`/{command.usage}`\n\n{command.help}"
    if word:
        parameter = find(word)
        return f"**{parameter.name}**: {parameter.help} It takes {parameter.allowed}."
    lines = [f"- `/{command.usage}`: {command.help}" for command in COMMANDS.values()]
    names = ", ".join(f"`{name}`" for name in PARAMETERS)
    return "\n".join(
        (
            "Mention me in a channel, write to me directly, or go on in a thread where I answer.",
            "",
            *lines,
            "",
            f"Inside threads `!set` and the others do the same. Parameters: {names}.",
        )
    )


def parameters_table() -> str:
    """The table of parameters as Markdown, as it stands in docs/parameters.md."""
    rows = [
        f"| {parameter.name} | {parameter.allowed} | {parameter.format(parameter.default)} | {parameter.help} |"
        for parameter in PARAMETERS.values()
    ]
    return "\n".join(("| name | takes | default | what it does |", "|---|---|---|---|", *rows))


def _quoted(parameter: Parameter, value: object) -> str:
    text = parameter.format(value)  # type: ignore[arg-type]  # values come from this very parameter
    return "unset" if value is None else f"`{_plain(text)}`"


def _cell(each: Effective) -> str:
    text = each.parameter.format(each.value)
    return _plain(text if len(text) <= 60 else f"{text[:57]}...").replace("|", "\\|")


def _plain(text: str) -> str:
    return " ".join(text.replace("`", "'").split())


def origin_text(each: Effective) -> str:
    """Where a value comes from, in words."""
    return {
        "default": "default",
        "workspace": "set for the workspace",
        "channel": "set for this channel",
        "conversation": "set in this thread",
        "turn": "for this answer",
    }[each.origin]


def _place(scope: Scope) -> str:
    return {"workspace": "the whole workspace", "channel": "this channel"}.get(scope.kind, "this thread")


# ---------------------------------------------------------------- completion


def complete(text: str) -> Sequence[Completion]:
    """The ways to go on with a half-typed command; [] for plain text and for finished ones."""
    mark, typed = text[:1], text[1:]
    if mark not in ("/", "!"):
        return []
    name, space, rest = typed.partition(" ")
    if not space:
        return [
            Completion(insert=f"{mark}{spelling} ", label=f"{mark}{command.usage}", help=command.help)
            for command in COMMANDS.values()
            for spelling in (command.name, *command.aliases)
            if spelling == name.lower() or (spelling == command.name and spelling.startswith(name.lower()))
        ]
    if name.lower() not in ("set", "unset", "show", "help"):
        return []
    return _complete_parameter(f"{mark}{name.lower()} ", rest, with_value=name.lower() == "set")


def _complete_parameter(before: str, rest: str, *, with_value: bool) -> Sequence[Completion]:
    first, space, tail = rest.partition(" ")
    if space and first.lower() in SCOPE_WORDS:
        return _complete_parameter(f"{before}{first.lower()} ", tail, with_value=with_value)
    if not space:
        end = " " if with_value else ""
        return [
            Completion(insert=f"{before}{parameter.name}{end}", label=parameter.name, help=parameter.help)
            for parameter in PARAMETERS.values()
            if parameter.name.startswith(first.lower())
        ]
    parameter = PARAMETERS.get(first.lower())
    if parameter is None or not with_value:
        return []
    values = ("yes", "no") if parameter.kind == "boolean" else parameter.choices
    return [
        Completion(insert=f"{before}{parameter.name} {value}", label=value, help=parameter.help)
        for value in values
        if value.startswith(tail.lower()) and value != tail.lower()
    ]
