"""`seedling ask`: one question from the terminal."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from adapters.terminal import Terminal, attachments
from bot.app.clock import utc_now
from bot.app.core import Core, EngineRole, open_core
from bot.app.own_history import YOU, key_of
from bot.app.spending_limits import set_up_budgets
from bot.app.stop_signals import Interrupted, StopSignals
from bot.errors import InvalidInput
from bot.parameter_resolver import effective_parameters, values_of
from bot.settings import Settings
from bot.surrogates import without_halves
from bot.turns.dispatcher import is_paused
from bot.types import Draft, HandleResult, Incoming, ParameterValue
from storage import single_conversation

logger = logging.getLogger(__name__)

STOP_SECONDS = 3.0
"""How long a stopped answer may take to be recorded; then it is left as by a crash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskResult:
    """Result of one question from the terminal: a finished reply, or a command's text.

    `signal` is the one that stopped it, 0 for none; `failure` is why the output could not be written, if it could not.
    """

    handled: HandleResult
    draft: Draft | None
    parameters: Mapping[str, ParameterValue]
    model: str
    signal: int = 0
    failure: OSError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskRequest:
    """Question from the terminal: `overrides` apply to it alone, `files` are paths.

    Without a `thread` it is a conversation that nobody goes on with, so that no notes are made on it.
    """

    text: str
    thread: str = ""
    overrides: Mapping[str, str]
    files: Sequence[Path] = ()


async def ask(settings: Settings, question: AskRequest, *, quiet: bool) -> AskResult:
    """Answer one question, streamed to the terminal unless `quiet`.

    A signal stops the answer as Stop does, and so does the end of whoever read the output: what there is by then is
    recorded, and the ledger has it. Raises `InvalidInput` for a missing file, and `Interrupted`.
    """
    terminal = Terminal(quiet=quiet)
    incoming = incoming_of(question)
    signals = StopSignals()
    try:
        with signals.heed(), terminal.watch():
            return await _answered(settings, terminal, incoming, signals)
    except asyncio.CancelledError:
        if not signals.number:
            raise
        raise Interrupted(signals.number) from None


def incoming_of(question: AskRequest) -> Incoming:
    """Return a question as the inbox takes it. Raises `InvalidInput` for a missing file."""
    thread = without_halves(question.thread) or f"ask-{secrets.token_hex(6)}"
    once = {} if question.thread else {"memory": "no"}
    return Incoming(
        key=key_of(thread),
        dedupe_key=f"terminal:{secrets.token_hex(8)}",
        author=YOU,
        text=without_halves(question.text),
        sent_at=utc_now(),
        attachments=attachments(question.files),
        overrides={**once, **{name: without_halves(value) for name, value in question.overrides.items()}},
        is_direct=True,
        is_admin=True,  # whoever may run this command may do anything with the database anyway
    )


@asynccontextmanager
async def open_asking(settings: Settings, terminal: Terminal, thread: str) -> AsyncIterator[Core]:
    """Yield a core that answers in one conversation, with a limit to what may be spent."""
    places = nullcontext({terminal.name: terminal})
    async with open_core(settings, lambda *_: places, grace=0, role=EngineRole.ASKS) as core:
        with single_conversation(settings.database_url, thread):
            if limits := await set_up_budgets(settings, core.store):
                logger.info(limits)
            if await is_paused(core.store):
                raise InvalidInput(
                    "The queue is paused at the console, so nothing is answered until somebody lets it go on."
                )
            yield core


async def _answered(settings: Settings, terminal: Terminal, incoming: Incoming, signals: StopSignals) -> AskResult:
    async with open_asking(settings, terminal, incoming.key.thread) as core:
        signals.is_answering = True
        try:
            handled = await core.inbox.handle(incoming)
        finally:
            await core.inbox.mark_answered(incoming)  # whoever asked reads it, or ended this process
        await drain(core, incoming, signals.came, terminal.lost)
        parameters = values_of(await effective_parameters(incoming, core.store))
        return AskResult(
            handled=handled,
            draft=terminal.last,
            parameters=parameters,
            model=core.model.name,
            signal=signals.number,
            failure=terminal.failure,
        )


async def drain(core: Core, asked: Incoming, *stops: asyncio.Event) -> None:
    """Wait until everything is answered, or stop it when one of `stops` is set."""
    answering = asyncio.create_task(core.dispatcher.drain(asked.key), name="answering")
    waiting = [asyncio.create_task(stop.wait(), name="waiting for the end") for stop in stops]
    try:
        await asyncio.wait((answering, *waiting), return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await core.inbox.stop(asked.key, asked=replace(asked, dedupe_key=f"{asked.dedupe_key}/stop"))
                    await answering
    finally:
        for task in (answering, *waiting):
            task.cancel()
        await asyncio.wait((answering, *waiting))
    if not answering.cancelled():
        answering.result()
