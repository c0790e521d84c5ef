"""The history of the command line: a database of its own, in the user's data directory, and what stands in it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from platformdirs import user_data_path

from adapters.terminal import Terminal
from bot.app.database import open_database
from bot.errors import ConfigError, InvalidInput
from bot.private_files import make_private_folder
from bot.settings import Settings, load_settings
from bot.types import ConversationKey, Person, StoredEntry

WORKSPACE, CHANNEL = "local", "terminal"
YOU: Final = Person(id="you", name="You")
FILE_NAME: Final = "history.db"
EARLIEST: Final = datetime(1970, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastConversation:
    """A conversation of the command line; `newest_at` is when something was asked in it last."""

    name: str
    newest_at: datetime
    entries: Sequence[StoredEntry]


def key_of(thread: str) -> ConversationKey:
    """Return the conversation of the command line with that name."""
    return ConversationKey(platform=Terminal.name, workspace=WORKSPACE, channel=CHANNEL, thread=thread)


def with_own_history(settings: Settings, named: str) -> Settings:
    """Return settings under which nothing is written but to the history of the command line.

    `named` is a file or the address of a database; "" for the one in the user's data directory ($XDG_DATA_HOME).
    Raises `InvalidInput` for a folder, and `ConfigError` where there can be no history.
    """
    folder = user_data_path("seedling")
    try:
        make_private_folder(folder)
    except OSError as error:
        raise ConfigError("XDG_DATA_HOME", f"{folder} cannot be made: {error.strerror}") from None
    url = named if "://" in named else _url_of(Path(named) if named else folder / FILE_NAME)
    return settings.model_copy(update={"database_url": url, "state_folder": folder})


def add_own(command: argparse.ArgumentParser) -> None:
    """Add the option to mean the history of the command line, and not the bot's database."""
    command.add_argument("--own", action="store_true", help="of 'ask' and 'chat', which have a history of their own")


def chosen_settings(options: argparse.Namespace) -> Settings:
    """Return the settings of what is meant. Raises `ConfigError`."""
    settings = load_settings()
    return with_own_history(settings, "") if options.own else settings


def _url_of(file: Path) -> str:
    path = file.expanduser().absolute()
    if path.is_dir() or not path.parent.is_dir():
        raise InvalidInput(f"{str(file)!r} {'is a folder' if path.is_dir() else 'is in no folder that there is'}.")
    if "?" in str(path):
        raise InvalidInput("The name of a database cannot have a question mark in it.")
    return f"sqlite:///{path}"


async def past_conversations(settings: Settings) -> Sequence[PastConversation]:
    """Return all conversations of the command line with what was said, the newest first."""
    async with open_database(settings) as store:
        times = await store.active_conversations(Terminal.name, since=EARLIEST)
        newest_first = sorted(times.items(), key=lambda item: item[1], reverse=True)
        return [
            PastConversation(name=key.thread, newest_at=at, entries=await store.get_entries(key, start=0))
            for key, at in newest_first
            if key.channel == CHANNEL
        ]


async def past_conversation(settings: Settings, name: str) -> Sequence[StoredEntry]:
    """Return what was said in a conversation. Raises `InvalidInput` where there is none of that name."""
    async with open_database(settings) as store:
        entries = await store.get_entries(key_of(name), start=0)
    if not entries:
        raise InvalidInput(f"There is no conversation {name!r}; 'seedling conversations' lists them.")
    return entries


def found_in(past: Sequence[PastConversation], words: str) -> Iterator[tuple[PastConversation, str]]:
    """Yield each message that has all these words in it, with its conversation."""
    wanted = words.casefold().split()
    for conversation in past:
        for entry in conversation.entries:
            text = entry.entry.text
            if all(word in text.casefold() for word in wanted):
                yield conversation, text
