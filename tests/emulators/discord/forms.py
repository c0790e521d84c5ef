"""Lists and forms as a client fills them in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tests.emulators.discord import components, payloads
from tests.emulators.discord.arguments import resolved_users
from tests.emulators.discord.people import CannotDo
from tests.emulators.discord.world import Channel, Payload, Role, User

if TYPE_CHECKING:
    from tests.emulators.discord.people import People

# Component types (components/reference).
ROW, STRING_SELECT, TEXT_INPUT, USERS, ROLES, MENTIONABLES, CHANNELS = 1, 3, 4, 5, 6, 7, 8
TEXT_DISPLAY, LABEL, FILES, RADIOS, CHECKBOXES, CHECKBOX = 10, 18, 19, 21, 22, 23
_MOST_TEXT = 4_000


def chosen(found: Payload, values: Sequence[Any], channel: Channel) -> Payload:
    """What a list sends. Raises `CannotDo`."""
    _check_number(found, len(values))
    if found["type"] == STRING_SELECT:
        known = [option["value"] for option in found["options"]]
        if unknown := [value for value in values if value not in known]:
            raise CannotDo(f"{unknown[0]!r} is not in the list")
        return {"values": list(values)}
    if found["type"] not in {USERS, ROLES, MENTIONABLES, CHANNELS}:
        raise CannotDo("this is no list")
    resolved: dict[str, Payload] = {}
    for value in values:
        if isinstance(value, User):
            for kind, told in resolved_users(value, channel).items():
                resolved.setdefault(kind, {}).update(told)
        elif isinstance(value, Role):
            resolved.setdefault("roles", {})[str(value.id)] = payloads.role(value)
        else:
            resolved.setdefault("channels", {})[str(value.id)] = payloads.channel(value) | {"permissions": "0"}
    return {"values": [str(value.id) for value in values], "resolved": resolved}


def _check_number(found: Payload, count: int) -> None:
    low, high = found.get("min_values", 1), found.get("max_values", 1)
    if not low <= count <= high:
        raise CannotDo(f"{low} to {high} must be chosen")


def submitted(people: People, modal: Payload, values: Mapping[str, Any]) -> tuple[list[Payload], Payload]:
    """The components of a form with what was filled in, and what their ids stand for. Raises `CannotDo`."""
    resolved: dict[str, Payload] = {}
    used: set[str] = set()
    sent = [_top(people, item, values, used, resolved) for item in components.numbered(modal["components"])]
    if unknown := set(values) - used:
        raise CannotDo(f"the form has no {min(unknown)!r}")
    return sent, resolved


def _top(
    people: People, each: Payload, values: Mapping[str, Any], used: set[str], resolved: dict[str, Payload]
) -> Payload:
    head = {"type": each["type"], "id": each["id"]}
    if each["type"] == LABEL:
        return head | {"component": _field(people, each["component"], values, used, resolved)}
    if each["type"] == ROW:
        return head | {"components": [_field(people, one, values, used, resolved) for one in each["components"]]}
    return head


def _field(
    people: People, field: Payload, values: Mapping[str, Any], used: set[str], resolved: dict[str, Payload]
) -> Payload:
    name = field["custom_id"]
    used.add(name)
    head = {"type": field["type"], "id": field["id"], "custom_id": name}
    given = values.get(name)
    match field["type"]:
        case 4:
            return head | {"value": _text(field, field.get("value", "") if given is None else given)}
        case 19:
            return head | {"values": _files(people, field, given or [], resolved)}
        case 21:
            return head | {"value": _one(field, given)}
        case 23:
            return head | {"value": bool(field.get("default") if given is None else given)}
        case _:
            return head | {"values": _several(field, given)}


def _text(field: Payload, text: str) -> str:
    if field.get("required", True) and not text:
        raise CannotDo(f"{field['custom_id']!r} must be filled in")
    low, high = field.get("min_length") or 0, field.get("max_length") or _MOST_TEXT
    if text and not low <= len(text) <= high:
        raise CannotDo(f"{field['custom_id']!r} has {low} to {high} characters")
    return text


def _one(field: Payload, given: str | None) -> str | None:
    known = [option["value"] for option in field["options"]]
    chosen = given or next((option["value"] for option in field["options"] if option.get("default")), None)
    if chosen is None and not field.get("required", True):
        return None
    if chosen not in known:
        raise CannotDo(f"{chosen!r} is not offered")
    return str(chosen)


def _several(field: Payload, given: Sequence[str] | None) -> list[str]:
    options = field.get("options")
    if given is None:
        return [option["value"] for option in options or () if option.get("default")]
    if options is not None and set(given) - {option["value"] for option in options}:
        raise CannotDo(f"{field['custom_id']!r} does not offer that")
    if field["type"] == STRING_SELECT and given:
        _check_number(field, len(given))
    return list(given)


def _files(
    people: People, field: Payload, given: Sequence[tuple[str, bytes]], resolved: dict[str, Payload]
) -> list[str]:
    ids = []
    for upload in given:
        file = people.attachment(upload)
        people.loose_attachments.append(file)
        resolved.setdefault("attachments", {})[str(file.id)] = payloads.attachment(file, 0, people.cdn_url)
        ids.append(str(file.id))
    return ids
