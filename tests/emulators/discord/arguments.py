"""The options of a command as a client fills them in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tests.emulators.discord import payloads, permissions
from tests.emulators.discord.people import CannotDo
from tests.emulators.discord.world import Channel, Payload, Role, User

if TYPE_CHECKING:
    from tests.emulators.discord.people import People

# Option types (interactions/application-commands).
SUB, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(1, 12)
_PYTHON = {STRING: (str,), INTEGER: (int,), BOOLEAN: (bool,), NUMBER: (int, float)}
_MOST_TEXT = 6_000


def leaf_of(command: Payload, parts: Sequence[str]) -> Payload:
    """The command, or the part of it that `parts` lead to. Raises `CannotDo`."""
    leaf = command
    for part in parts:
        found = [
            option for option in leaf.get("options") or () if option["name"] == part and option["type"] in {SUB, GROUP}
        ]
        if not found:
            raise CannotDo(f"{leaf['name']!r} has no {part!r}")
        leaf = found[0]
    if any(option["type"] in {SUB, GROUP} for option in leaf.get("options") or ()):
        raise CannotDo(f"{leaf['name']!r} needs one of its parts")
    return leaf


def nested(command: Payload, parts: Sequence[str], filled: list[Payload]) -> list[Payload]:
    """The filled-in options inside the parts that lead to them."""
    chain: list[Payload] = []
    level = command
    for part in parts:
        level = next(option for option in level["options"] if option["name"] == part)
        chain.append(level)
    for item in reversed(chain):
        filled = [{"name": item["name"], "type": item["type"], "options": filled}]
    return filled


def filled(people: People, leaf: Payload, given: Mapping[str, Any], channel: Channel) -> tuple[list[Payload], Payload]:
    """The options as they are sent, and what their ids stand for. Raises `CannotDo`."""
    known = {item["name"]: item for item in leaf.get("options") or ()}
    if unknown := set(given) - set(known):
        raise CannotDo(f"there is no option {min(unknown)!r}")
    if missing := [name for name, item in known.items() if item.get("required") and name not in given]:
        raise CannotDo(f"{missing[0]!r} must be filled in")
    resolved: dict[str, Payload] = {}
    sent = []
    for name, value in given.items():
        option = known[name]
        sent.append({"name": name, "type": option["type"], "value": _sent(people, option, value, channel, resolved)})
    return sent, resolved


def typing(leaf: Payload, option: str, typed: str, given: Mapping[str, Any]) -> list[Payload]:
    """The options while one of them is being typed. Raises `CannotDo`."""
    known = {item["name"]: item for item in leaf.get("options") or ()}
    if not known.get(option, {}).get("autocomplete"):
        raise CannotDo(f"{option!r} does not complete")
    others = [{"name": name, "type": known[name]["type"], "value": value} for name, value in given.items()]
    return [*others, {"name": option, "type": known[option]["type"], "value": typed, "focused": True}]


def _sent(people: People, option: Payload, value: Any, channel: Channel, resolved: dict[str, Payload]) -> Any:
    type = option["type"]
    if type in _PYTHON:
        return _plain(option, value)
    if type == ATTACHMENT:
        file = people.attachment(value)
        people.loose_attachments.append(file)
        told = payloads.attachment(file, channel.id, people.cdn_url)
        resolved.setdefault("attachments", {})[str(file.id)] = told
        return str(file.id)
    if isinstance(value, User) and type in {USER, MENTIONABLE}:
        for kind, item in resolved_users(value, channel).items():
            resolved.setdefault(kind, {}).update(item)
    elif isinstance(value, Role) and type in {ROLE, MENTIONABLE}:
        resolved.setdefault("roles", {})[str(value.id)] = payloads.role(value)
    elif isinstance(value, Channel) and type == CHANNEL:
        resolved.setdefault("channels", {})[str(value.id)] = payloads.channel(value) | {"permissions": "0"}
    else:
        raise CannotDo(f"{option['name']!r} does not take {value!r}")
    return str(value.id)


def resolved_users(user: User, channel: Channel) -> Payload:
    """A person as interactions tell people that they are about."""
    body: Payload = {"users": {str(user.id): payloads.user(user)}}
    guild = channel.guild
    if guild is not None and user.id in guild.members:
        member = payloads.member(guild.members[user.id], with_user=False)
        held = str(permissions.permissions(user, channel))
        body["members"] = {str(user.id): payloads.compact(member, *_MEMBER) | {"permissions": held}}
    return body


_MEMBER = (
    "roles",
    "joined_at",
    "premium_since",
    "nick",
    "avatar",
    "banner",
    "communication_disabled_until",
    "pending",
    "flags",
)


def _plain(option: Payload, value: Any) -> Any:
    name, type = option["name"], option["type"]
    if not isinstance(value, _PYTHON[type]) or (isinstance(value, bool) and type != BOOLEAN):
        raise CannotDo(f"{name!r} does not take {value!r}")
    choices = option.get("choices")
    if choices and value not in [choice["value"] for choice in choices]:
        raise CannotDo(f"{value!r} is none of the choices of {name!r}")
    low, high, size = option.get("min_value"), option.get("max_value"), value
    if isinstance(value, str):
        low, high, size = option.get("min_length") or 0, option.get("max_length") or _MOST_TEXT, len(value)
    if (low is not None and size < low) or (high is not None and size > high):
        raise CannotDo(f"{value!r} is out of the range of {name!r}")
    return value
