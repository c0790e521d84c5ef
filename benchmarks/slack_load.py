"""Many questions in Slack at once: does everybody get a whole answer, when does it begin, and are the limits kept?

    python -m benchmarks.slack_load --answers 60

runs the bot over Socket Mode against the emulated Slack, whose limits hold, with a model that takes its time.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from adapters.slack.options import SlackOptions
from adapters.slack.platform import open_slack
from adapters.slack.replies.rendering import METADATA
from benchmarks.unhurried import lift_pace
from bot.turns.conversation_manager import ConversationManager
from bot.turns.dispatcher import Dispatcher
from bot.turns.inbox import Inbox
from bot.types import Finish, Finished, ModelEvent, ModelRequest, RequestSent, TextDelta, Usage, UsageReported
from storage.in_memory.store import MemoryStore
from tests.emulators.slack import Channel, Message, Options, RunningSlack, running_slack
from tests.fakes import FixedRates, services

END = "That is all."


class SlowModel:
    """Answers of so many words, a few at a time, over so many seconds."""

    name = "slow"
    context_tokens = 32_000

    def __init__(self, *, words: int, seconds: float) -> None:
        self._words = words
        self._seconds = seconds

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """Yield the answer to anything."""
        yield RequestSent(tokens=len(request.entries), most=4_096)
        steps = 40
        for step in range(steps):
            await asyncio.sleep(self._seconds / steps)
            yield TextDelta("".join(f"word{step}x{n} " for n in range(self._words // steps)))
        yield TextDelta(END)
        yield UsageReported(Usage(input=len(request.entries), output=self._words))
        yield Finished(Finish.STOP)


@dataclass(slots=True)
class Answer:
    """One question and what people saw below it: seconds until the first text and until the whole."""

    question: Message
    asked_at: float
    first: float | None = None
    whole: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Load of a run: questions, and how the emulated Slack and the model behave; `minute` is that of Slack's limits."""

    answers: int = 60
    channels: int = 6
    words: int = 400
    model_seconds: float = 20.0
    minute: float = 60.0
    patience: float = 600.0


async def measure(load: Load) -> tuple[RunningSlack, list[Answer]]:
    """Ask everything at once, and watch until every answer is whole."""
    async with running_slack(Options(minute_s=load.minute)) as slack:
        store = MemoryStore(clock=_now)
        await lift_pace(store, f"slack/{slack.team.id}")
        options = SlackOptions(
            bot_token=slack.options.bot_token,
            app_token=slack.options.app_token,
            api_url=slack.api_url.rstrip("/"),
            minute=load.minute,
        )
        async with open_slack(options, store, clock=_now) as platform:
            model = SlowModel(words=load.words, seconds=load.model_seconds)
            platforms = {"slack": platform}
            manager = ConversationManager(store, model, FixedRates(), platforms, clock=_now)
            dispatcher = Dispatcher(store, manager.answer, worker="load", clock=_now)
            inbox = Inbox(manager, dispatcher, services(store, manager, platforms, clock=_now))
            listening = asyncio.create_task(platform.run(inbox))
            await slack.sockets.connected(options.sockets.connections)
            answers = await _ask(slack, load)
            async with asyncio.timeout(load.patience):
                await _watch(slack, answers, store)
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening
            await dispatcher.aclose(grace=0)
    return slack, answers


async def _ask(slack: RunningSlack, load: Load) -> list[Answer]:
    places: list[Channel] = [slack.channel(f"place-{n}") for n in range(load.channels)]
    asked = []
    for n in range(load.answers):
        question = await slack.say(slack.ada, places[n % len(places)], f"{slack.mention()} question {n}?")
        asked.append(Answer(question, time.monotonic()))
    return asked


async def _watch(slack: RunningSlack, answers: Sequence[Answer], store: MemoryStore) -> None:
    while any(answer.whole is None for answer in answers) or await store.open_conversations():
        for answer in answers:
            shown = [slack.shown(message) for message in slack.answers(answer.question.channel, answer.question.ts)]
            since = time.monotonic() - answer.asked_at
            if answer.first is None and any("word" in text for text in shown):
                answer.first = since
            if answer.whole is None and any(END in text for text in shown):
                answer.whole = since
        await asyncio.sleep(0.02)


def report(slack: RunningSlack, answers: Sequence[Answer], *, seconds: float) -> str:
    """Return what came of it, as a table."""
    first = sorted(answer.first for answer in answers if answer.first is not None)
    whole = sorted(answer.whole for answer in answers if answer.whole is not None)
    lines = [
        f"{len(answers)} questions at once, {len(whole)} whole answers, {seconds:.1f} s in all",
        f"time to first text   {_spread(first)}",
        f"time to whole answer {_spread(whole)}",
        "",
        f"{'method':<34} {'calls':>6} {'refused':>8} {'busiest minute':>15} {'allowed':>8}",
    ]
    kept = [use for use in slack.uses if not use.method.startswith("assistant.threads.setStatus")]
    lines += [f"{u.method:<34} {u.calls:>6} {u.refused:>8} {u.busiest_minute:>15} {u.allowed:>8}" for u in kept]
    lines.append(f"violations: {len(slack.violations)}; messages marked {METADATA!r}: {_marked(slack)}")
    return "\n".join(lines)


def _spread(seconds: Sequence[float]) -> str:
    if not seconds:
        return "none"
    return (
        f"median {statistics.median(seconds):6.1f} s   90 % {seconds[int(len(seconds) * 0.9) - 1]:6.1f} s   "
        f"last {seconds[-1]:6.1f} s"
    )


def _marked(slack: RunningSlack) -> int:
    messages = [message for channel in slack.world.channels.values() for message in channel.messages]
    return sum(1 for message in messages if (message.metadata or {}).get("event_type") == METADATA)


def _now() -> datetime:
    return datetime.now(UTC)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say whether everything was kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    usual = Load()
    parser.add_argument("--answers", type=int, default=usual.answers)
    parser.add_argument("--channels", type=int, default=usual.channels)
    parser.add_argument("--words", type=int, default=usual.words)
    parser.add_argument("--minute", type=float, default=usual.minute, help="seconds of a minute of Slack's limits")
    parser.add_argument("--model-seconds", type=float, default=usual.model_seconds)
    load = Load(**vars(parser.parse_args(arguments)))
    started = time.monotonic()
    slack, answers = asyncio.run(measure(load))
    print(report(slack, answers, seconds=time.monotonic() - started))
    kept = not slack.violations and all(use.refused == 0 for use in slack.uses)
    return 0 if kept and all(answer.whole is not None for answer in answers) else 1


if __name__ == "__main__":
    sys.exit(main())
