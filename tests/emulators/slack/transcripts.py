"""What people see in a channel, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.emulators.slack.rendering import shown
from tests.emulators.slack.world import Channel, Message, Person

if TYPE_CHECKING:
    from tests.emulators.slack.emulator import SlackEmulator

_MARKS = {"open": " (still writing)", "expired": " (cut off)", "stopped_by_user": " (stopped)"}


def transcript(slack: SlackEmulator, channel: Channel, viewer: Person | None) -> str:
    """Threads in order of their first messages, replies indented, deleted messages left out."""
    whispers = [
        whisper
        for whisper in slack.whispers
        if whisper.channel is channel and not whisper.deleted and viewer in {None, whisper.only_for}
    ]
    messages = [item for item in channel.messages if not item.deleted] + whispers
    title = f"#{channel.name}" if channel.name else "direct message"
    lines = [title]
    for ts in dict.fromkeys(item.root_ts for item in sorted(messages, key=_at)):
        thread = sorted((item for item in messages if item.root_ts == ts), key=_at)
        for message in thread:
            lines += _lines(slack, message)
        status = slack.surfaces.status((channel.id, ts))
        if status:
            lines.append(f"    ({slack.world.workspaces[channel.team].bot.name} {status.text})")
    return "\n".join(lines)


def _at(message: Message) -> tuple[int, int]:
    seconds, _, parts = message.ts.partition(".")
    return int(seconds), int(parts)


def _lines(slack: SlackEmulator, message: Message) -> list[str]:
    indent = "    " if message.is_reply else ""
    head = f"{message.username or message.author.name}"
    if message.only_for:
        head = f"(only {message.only_for.name} sees this) {head}"
    marks = " (edited)" if message.edited_ts else ""
    if message.stream:
        slack.expire(message)
        marks += _MARKS.get(message.stream.state, "")
    files = [f"[file: {file_.name}]" for file_ in message.files]
    text = "\n".join(filter(None, [shown(message, slack.world), *files]))
    first, *rest = text.split("\n")
    return [f"{indent}{head}{marks}: {first}", *(f"{indent}  {line}" for line in rest)]


__all__ = ["shown", "transcript"]
