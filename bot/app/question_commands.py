"""Add `seedling ask` and `chat`, and what reads their history, to the command line."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.terminal.control_characters import without_controls
from bot.app.own_history import YOU, found_in, past_conversation, past_conversations, with_own_history
from bot.command_help import add_command, log_only_failures
from bot.commands.arguments import parse_overrides
from bot.errors import InvalidInput
from bot.exit_codes import EXIT_FAILED, EXIT_SIGNAL
from bot.language import quantity
from bot.ports import Commands
from bot.settings import Settings, load_settings
from bot.standard_streams import OutputLost, note, piped_file, say, say_json
from bot.types import Draft, Outcome

if TYPE_CHECKING:
    from bot.app.ask import AskResult

BEGINNING: Final = 60
"""Characters of a message by which it is recognised in a list."""

AROUND: Final = 100
"""Characters of a message that are shown where a word was found."""

LOOK: Final = "`seedling doctor` looks at the key, the model and the server; --verbose prints what went wrong."


def add_question_commands(commands: Commands) -> None:
    """Add the commands to the command line."""
    command = add_command(
        commands,
        "ask",
        "ask one question from the terminal",
        "seedling ask 'Why is the sky blue?'",
        "cat report.txt | seedling ask 'Sum it up in three lines.'",
        "seedling ask --thread trip --set reasoning_effort=high --file map.png 'Which way?'",
        description="Ask one question; the answer is streamed. Text piped in is what the question is about.",
    )
    command.add_argument("question", help="the question, or - to read it from standard input")
    _add_conversation_options(command)
    command.add_argument("--file", metavar="PATH", type=Path, action="append", default=[], help="a file to ask about")
    command.add_argument("--json", action="store_true", help="print one JSON object when the answer is complete")
    command.set_defaults(command=_ask)

    command = add_command(
        commands,
        "chat",
        "talk in the terminal",
        "seedling chat",
        "seedling chat --thread trip",
        description="Ask on and on in one conversation. Ctrl+C stops an answer, Ctrl+D leaves, /set and its like work.",
    )
    _add_conversation_options(command)
    command.set_defaults(command=_chat)
    _add_history_commands(commands)


def _add_history_commands(commands: Commands) -> None:
    command = add_command(
        commands, "conversations", "list what was asked with 'ask' and 'chat'", "seedling conversations"
    )
    _add_database(command)
    command.set_defaults(command=_conversations)

    command = add_command(commands, "show", "print a conversation of 'ask' or 'chat'", "seedling show trip")
    command.add_argument("name", help="its name, as 'seedling conversations' lists it")
    _add_database(command)
    command.set_defaults(command=_show)

    command = add_command(
        commands, "search", "find messages of 'ask' and 'chat' by words", "seedling search ferry timetable"
    )
    command.add_argument("words", nargs="+", help="words that a message has all of, in any order")
    _add_database(command)
    command.set_defaults(command=_search)


def _add_conversation_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--thread", metavar="NAME", default="", help="the conversation of that name, new or not")
    command.add_argument(
        "--set", metavar="NAME=VALUE", action="append", default=[], help="a parameter for what is asked here only"
    )
    _add_database(command)


def _add_database(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--db", metavar="FILE", default="", help="the database of the history, in place of the one in your data folder"
    )


def _ask(options: argparse.Namespace) -> int:
    question = sys.stdin.read() if options.question == "-" else options.question
    settings = with_own_history(load_settings(), options.db)
    log_only_failures(options)
    overrides = parse_overrides(options.set)
    from bot.app.ask import AskRequest, ask  # what is set wrongly is told without waiting for it

    with piped_file() as piped:
        asking = AskRequest(text=question, thread=options.thread, overrides=overrides, files=[*options.file, *piped])
        asked = asyncio.run(ask(settings, asking, quiet=options.json))
    if asked.failure is not None and not asked.signal:
        raise OutputLost(asked.failure)
    if asked.handled.outcome is Outcome.REPLIED:
        say(asked.handled.text)
        return 0
    if options.json:
        say_json(_as_json(asked), indent=2)
    if asked.signal:
        return EXIT_SIGNAL + asked.signal
    if asked.draft is not None and asked.draft.status != "failed":
        return 0
    if not options.verbose:
        note(LOOK)
    return EXIT_FAILED


def _as_json(asked: AskResult) -> Mapping[str, Any]:
    draft = asked.draft or Draft(status="failed")
    usage = draft.footer.usage if draft.footer else None
    cost = draft.footer.cost if draft.footer else None
    return {
        "text": draft.text,
        "reasoning": draft.reasoning,
        "sources": [{"url": source.url, "title": source.title} for source in draft.sources],
        "usage": {
            "input": usage.input,
            "cached": usage.cached,
            "output": usage.output,
            "reasoning": usage.reasoning,
            "estimated": usage.estimated,
        }
        if usage
        else None,
        "cost": None if cost is None else f"{cost:f}",
        "parameters": dict(asked.parameters),
        "model": draft.footer.model if draft.footer else asked.model,
        "status": draft.status,
        "notices": list(draft.notices),
    }


def _chat(options: argparse.Namespace) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InvalidInput("'seedling chat' needs a terminal; 'seedling ask' reads from and writes to anything.")
    from bot.app.chat import ChatRequest, chat

    settings = with_own_history(load_settings(), options.db)
    log_only_failures(options)
    asyncio.run(chat(settings, ChatRequest(thread=options.thread, overrides=parse_overrides(options.set))))
    return 0


def _settings(options: argparse.Namespace) -> Settings:
    log_only_failures(options)
    return with_own_history(load_settings(), options.db)


def _conversations(options: argparse.Namespace) -> int:
    past = asyncio.run(past_conversations(_settings(options)))
    for conversation in past:
        first = conversation.entries[0].entry.text if conversation.entries else "(no answer)"
        count = quantity(len(conversation.entries), "message")
        say(f"{conversation.newest_at:%Y-%m-%d %H:%M}  {count:>13}  {conversation.name:<24}  {_beginning(first)}")
    if not past:
        say("Nothing was asked with 'seedling ask' or 'seedling chat' yet.")
    return 0


def _show(options: argparse.Namespace) -> int:
    entries = asyncio.run(past_conversation(_settings(options), options.name))
    say("\n\n".join(_readable(entry.entry.text) for entry in entries))
    return 0


def _search(options: argparse.Namespace) -> int:
    words = " ".join(options.words)
    past = asyncio.run(past_conversations(_settings(options)))
    found = list(found_in(past, words))
    for conversation, text in found:
        say(f"{conversation.name:<24}  {_around(text, words.split()[0] if words.split() else '')}")
    if not found:
        say("No message has these words in it.")
    return 0 if found else EXIT_FAILED


def _readable(text: str) -> str:
    """Return a message for a screen, for a pipe as it is."""
    return without_controls(text) if sys.stdout.isatty() else text


def _beginning(text: str) -> str:
    """Return how a question begins, without the label that says when and who."""
    line = " ".join(without_controls(text.partition(f"] {YOU.name}: ")[2] or text).split())
    return line if len(line) <= BEGINNING else f"{line[:BEGINNING]}\u2026"


def _around(text: str, word: str) -> str:
    """Return the part of a message in which a word stands, in one line."""
    line = " ".join(without_controls(text).split())
    place = max(0, line.casefold().find(word.casefold()) - AROUND // 3)
    return f"{'…' if place else ''}{line[place : place + AROUND]}{'…' if len(line) > place + AROUND else ''}"
