"""What people see on the emulated Slack, in the words of the verdicts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from benchmarks.crash.history import Seen, Shown, State
from bot.turns.asker_notices import DONE
from tests.emulators.slack import Message, RunningSlack
from tests.emulators.slack.deliveries import Delivery
from tests.emulators.slack.options import APP_ID
from tests.emulators.versions import Version

STOP, REGENERATE, RETRY, CONTINUE = (f"seedling_{name}" for name in ("stop", "regenerate", "retry", "continue"))
OF_DELETIONS = frozenset({"invalid_thread_ts", "thread_not_found", "message_not_found", "session_not_found"})
"""Refusals of what is written below a message that somebody has just deleted."""

_REPEATED = re.compile(r"\*\*.+\*\* asks: .*call (q\d+), ")


def written(slack: RunningSlack) -> Iterator[Message]:
    """Yield all that the bot ever wrote for everybody."""
    for channel in slack.world.channels.values():
        yield from (message for message in channel.messages if message.author.app_id == APP_ID)


def answers(slack: RunningSlack) -> list[Message]:
    """Return what stands there of it, repeated questions and notices aside."""
    return [message for message in written(slack) if not (message.deleted or repeated(message) or is_notice(message))]


def repeated(message: Message) -> str | None:
    """Return the question that the bot has posted for somebody who asked by a command; None for everything else."""
    found = _REPEATED.match(message.seen[0].text)
    return found[1] if found else None


def is_notice(message: Message) -> bool:
    """Return whether a message only tells that an answer stands which took long."""
    return message.seen[-1].text.endswith(f"> {DONE}")


def controls(message: Message) -> Sequence[str]:
    """Return the buttons under a message."""
    return message.seen[-1].controls


def shown(slack: RunningSlack, summaries: Mapping[str, str]) -> Sequence[Shown]:
    """Return all that the bot answered, to everybody or to one person.

    `summaries` are the names of the summaries that were asked for, by their places: their words are the model's.
    """
    private = (message for message in slack.whispers if message.author.app_id == APP_ID)
    every = [item for item in (*written(slack), *private) if repeated(item) is None and not is_notice(item)]
    return [
        Shown(
            id=message.ts,
            place=place_of(message),
            seen=[_seen(each, message, summaries) for each in message.seen],
            only_for=message.only_for.id if message.only_for else "",
        )
        for message in every
        if not is_digest(message)
    ]


def is_digest(message: Message) -> bool:
    """Return whether a message is a digest: it stands in a channel by itself."""
    return not message.only_for and not message.thread_ts and message.channel.kind != "im" and repeated(message) is None


def _seen(version: Version, message: Message, summaries: Mapping[str, str]) -> Seen:
    name = summaries.get(place_of(message))
    return Seen(
        at=version.at,
        text=f"{name}: a summary" if name and version.text else version.text,
        state=_state(version, is_private=message.only_for is not None),
        is_cut=CONTINUE in version.controls,
    )


def _state(version: Version, *, is_private: bool) -> State:
    if version.removed:
        return "removed"
    if is_private:
        return "failed" if RETRY in version.controls else "done"
    if version.growing or STOP in version.controls:
        return "writing" if version.text else "thinking"
    if RETRY in version.controls:
        return "failed"
    return "done" if REGENERATE in version.controls else "part"


def left(slack: RunningSlack) -> Sequence[str]:
    """Return the statuses below threads that people still see, and sessions that are said to be at work."""
    surfaces = slack.surfaces
    every = (message for channel in slack.world.channels.values() for message in channel.messages)
    gone = {(message.channel.id, message.ts) for message in every if message.deleted}
    statuses = [f"a status stands below {place}" for place in surfaces.statuses.keys() - gone if surfaces.status(place)]
    working = [place for place, session in surfaces.sessions.items() if session.status == "processing"]
    return [*statuses, *(f"the session of {place} is at work" for place in working)]


def place_of(message: Message) -> str:
    """Return the conversation of a message: the direct message, or its thread."""
    return f"{message.channel.id}/" if message.channel.kind == "im" else f"{message.channel.id}/{message.root_ts}"


def told_of(delivery: Delivery) -> str:
    """Return the message that an event tells of, "" for everything else."""
    event = delivery.payload.get("event", {})
    is_message = event.get("type") in {"message", "app_mention"} and event.get("subtype") in {None, "file_share"}
    return str(event["ts"]) if is_message else ""
