"""Add `seedling queue`, `forget`, `backup` and `copy-database` to the command line."""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import asdict
from pathlib import Path

from bot.app.own_history import add_own, chosen_settings, key_of
from bot.command_help import add_command
from bot.errors import InvalidInput
from bot.language import quantity
from bot.ports import Commands
from bot.settings import load_settings
from bot.standard_streams import mention, say, say_json
from bot.types import ConversationKey


def add_upkeep_commands(commands: Commands) -> None:
    """Add the commands to the command line."""
    command = add_command(
        commands,
        "queue",
        "print how many questions are waiting, running, retried and recovered",
        "seedling queue --json",
    )
    command.add_argument("--json", action="store_true", help="as one JSON object")
    command.set_defaults(command=_queue)

    _add_forget(commands)

    command = add_command(
        commands, "backup", "back up the SQLite database while it is in use", "seedling backup monday.db"
    )
    command.add_argument("file", type=Path, help="a file that does not exist yet")
    command.set_defaults(command=_back_up)

    command = add_command(
        commands,
        "copy-database",
        "copy everything into another, empty database and compare",
        "seedling copy-database sqlite:///seedling.db postgresql://seedling@localhost/seedling",
    )
    command.add_argument("source", metavar="FROM", help="sqlite:///FILE or postgresql://...")
    command.add_argument("target", metavar="TO", help="the same")
    command.set_defaults(command=_copy)


def _add_forget(commands: Commands) -> None:
    command = add_command(
        commands,
        "forget",
        "delete a conversation's or a person's text and files for good",
        "seedling forget person slack U123",
    )
    kinds = command.add_subparsers(title="kinds", metavar="KIND", required=True)
    kind = add_command(
        kinds,
        "conversation",
        "a thread or direct conversation",
        "seedling forget conversation slack/T1/C1/1764169200.000100",
        "seedling forget conversation --own trip",
    )
    kind.add_argument("key", metavar="PLATFORM/WORKSPACE/CHANNEL/THREAD", help="as the log has it; with --own its name")
    add_own(kind)
    kind.set_defaults(command=_forget_conversation)
    kind = add_command(
        kinds,
        "person",
        "somebody, and the conversations in which they asked",
        "seedling forget person slack U123",
    )
    kind.add_argument("platform")
    kind.add_argument("id", help="their id on that platform")
    kind.set_defaults(command=_forget_person)


def _queue(options: argparse.Namespace) -> int:
    from bot.app import maintenance

    figures, age = asyncio.run(maintenance.queue_figures(load_settings()))
    shown = {**asdict(figures), "oldest_open_seconds": age and round(age, 3)}
    del shown["oldest_accepted_at"]
    if options.json:
        say_json(shown)
    else:
        say("\n".join(f"{name:20} {_plain(value)}" for name, value in shown.items()))
    return 0


def _plain(value: object) -> str:
    return "-" if value is None else str(value)


def _forget_conversation(options: argparse.Namespace) -> int:
    from bot.app import maintenance

    key = key_of(options.key) if options.own else _key_named(options.key)
    say(f"Deleted: {quantity(asyncio.run(maintenance.forget_conversation(chosen_settings(options), key)), 'message')}.")
    return 0


def _key_named(text: str) -> ConversationKey:
    parts = text.split("/")
    if len(parts) != len(ConversationKey.__slots__):
        raise InvalidInput("Write a conversation as PLATFORM/WORKSPACE/CHANNEL/THREAD, as the log does.")
    platform, workspace, channel, thread = parts
    return ConversationKey(platform=platform, workspace=workspace, channel=channel, thread=thread)


def _forget_person(options: argparse.Namespace) -> int:
    from bot.app import maintenance

    gone = asyncio.run(maintenance.forget_person(load_settings(), options.platform, options.id))
    say(f"Deleted: {quantity(gone, 'message')}.")
    return 0


def _back_up(options: argparse.Namespace) -> int:
    from bot.app import maintenance

    asyncio.run(maintenance.back_up_database(load_settings(), options.file))
    say(f"Written and checked: {options.file}")
    return 0


def _copy(options: argparse.Namespace) -> int:
    from bot.app import maintenance

    counts = asyncio.run(
        maintenance.move_database(options.source, options.target, lambda name, rows: mention(f"{name:20} {rows:>10,}"))
    )
    say(f"Copied and compared: {quantity(sum(counts.values()), 'row')}.")
    return 0
