"""`seedling ask`: one question from the terminal."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from adapters.terminal import Terminal, attachments
from bot.app.core import Role, open_core, utc_now
from bot.parameter_resolver import effective_parameters, values_of
from bot.settings import Settings
from bot.types import ConversationKey, Draft, Handled, Incoming, ParameterValue, Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came of one question from the terminal: a finished reply, or a command's text."""

    handled: Handled
    draft: Draft | None
    parameters: Mapping[str, ParameterValue]
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked: `overrides` hold for it alone, `files` are paths."""

    text: str
    thread: str
    overrides: Mapping[str, str]
    files: Sequence[Path] = ()


async def ask(settings: Settings, question: Question, *, quiet: bool) -> Asked:
    """Answer one question, streamed to the terminal unless `quiet`. Raises `InvalidInput` for a missing file."""
    terminal = Terminal(quiet=quiet)
    key = ConversationKey(platform=terminal.name, workspace="local", channel="terminal", thread=question.thread)
    incoming = Incoming(
        key=key,
        dedupe_key=f"terminal:{secrets.token_hex(8)}",
        author=Person(id="you", name="You"),
        text=question.text,
        at=utc_now(),
        attachments=attachments(question.files),
        overrides=question.overrides,
        administers=True,  # whoever may run this command may do anything with the database anyway
    )
    places = nullcontext({terminal.name: terminal})
    async with open_core(settings, lambda _store, _model: places, grace=None, role=Role.ASKS) as core:
        try:
            handled = await core.inbox.handle(incoming)
        finally:
            await core.inbox.told(incoming)  # whoever asked reads it, or ended this process
        await core.dispatcher.drain(key)
        parameters = values_of(await effective_parameters(incoming, core.store))
        model = core.model.name
    return Asked(handled=handled, draft=terminal.last, parameters=parameters, model=model)
