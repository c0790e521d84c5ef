"""Read fields of Slack's JSON; a missing field or one of another type reads as empty.

Messages: https://docs.slack.dev/reference/events/message, files: https://docs.slack.dev/reference/objects/file-object
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from bot.types import Attachment, Person

Record = Mapping[str, Any]

_NOTICES = ("join", "leave", "archive", "unarchive")
LEFT_OUT = frozenset(
    {f"{place}_{notice}" for place in ("channel", "group") for notice in _NOTICES}
    | {"bot_add", "bot_remove", "message_changed", "message_deleted", "message_replied", "tombstone"}
)
"""Subtypes that tell nothing that people said."""

GONE_FILES = frozenset({"tombstone", "hidden_by_limit"})
_TIMESTAMP = re.compile(r"(?P<seconds>\d{1,10})\.(?P<fraction>\d{1,6})")


def field(record: Record, *path: str) -> str:
    """Return the text at `path`, of which a database can store every character; "" when there is none."""
    value: Any = record
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value.replace("\x00", "").encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def records(record: Record, name: str) -> Iterator[Record]:
    """Yield the records in the list `name` of a record."""
    value = record.get(name)
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, Mapping))


def first_line(*texts: str) -> str:
    """Return the first of `texts` that says anything, on one line."""
    return next((" ".join(text.split()) for text in texts if text.strip()), "")


# ---------------------------------------------------------------- people


def person(user: Record) -> Person:
    """Somebody in `users.json`, under the name that Slack shows; who has left keeps it."""
    profile = user.get("profile")
    name = _profile_name(profile if isinstance(profile, Mapping) else {})
    id = field(user, "id")
    is_bot = user.get("is_bot") is True or id == "USLACKBOT"
    return Person(id=id, name=first_line(name, field(user, "real_name"), field(user, "name"), id), is_bot=is_bot)


def stranger(message: Record) -> Person:
    """Return who wrote a message and is not in `users.json`: an app, or somebody from another workspace."""
    id = field(message, "user")
    if id:
        profile = message.get("user_profile")
        name = _profile_name(profile if isinstance(profile, Mapping) else {})
        return Person(id=id, name=first_line(name, id), is_bot=bool(field(message, "bot_id")))
    id = field(message, "bot_id") or "unknown"
    name = first_line(field(message, "username"), field(message, "bot_profile", "name"), id)
    return Person(id=id, name=name, is_bot=id != "unknown")


def _profile_name(profile: Record) -> str:
    return first_line(field(profile, "display_name"), field(profile, "real_name"), field(profile, "name"))


# ---------------------------------------------------------------- messages


def moment(ts: str) -> datetime | None:
    """Return the time that a message's `ts` names, to the microsecond; None when it is none."""
    match = _TIMESTAMP.fullmatch(ts)
    if match is None:
        return None
    micros = int(match["fraction"].ljust(6, "0"))
    return datetime.fromtimestamp(int(match["seconds"]), tz=UTC).replace(microsecond=micros)


def attachments(message: Record) -> Iterator[Attachment]:
    """Yield the files beside a message, without those that Slack has removed."""
    for file in records(message, "files"):
        id, size = field(file, "id"), file.get("size")
        if field(file, "mode") in GONE_FILES or not id:
            continue
        yield Attachment(
            id=id,
            name=first_line(field(file, "name"), field(file, "title"), id),
            media_type=field(file, "mimetype"),
            size=size if isinstance(size, int) and size > 0 else 0,
            url=_without_token(field(file, "url_private")),
        )


def _without_token(url: str) -> str:
    """Return a file's address without the token that the export adds, which would open the file to every reader."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != "t"]
    return parts._replace(query=urlencode(query)).geturl()
