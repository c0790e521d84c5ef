"""Application commands: written whole, read back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from tests.emulators.discord.core import Core
from tests.emulators.discord.errors import ApiError, missing_access, unknown, wrong_form
from tests.emulators.discord.rest.call import Call, Reply, Routes
from tests.emulators.discord.world import Payload

# Limits of interactions/application-commands.
CHAT_INPUT, USER, MESSAGE = 1, 2, 3
MOST = {CHAT_INPUT: 100, USER: 15, MESSAGE: 15}
MOST_CHARACTERS = 8_000
_NAME = re.compile(r"^[-_'\w\u0900-\u097F\u0E00-\u0E7F]{1,32}$")


def _scope(core: Core, call: Call) -> int | None:
    if call.id("application_id") != core.bot.id:
        raise ApiError(403, 20012, "You are not authorized to perform this action on this application")
    if "guild_id" not in call.path:
        return None
    if core.bot.id not in getattr(core.guilds.get(call.id("guild_id")), "members", ()):
        raise missing_access()
    return call.id("guild_id")


def listing(core: Core, call: Call) -> Reply:
    """The commands of a scope."""
    scope = _scope(core, call)
    whole = call.flag("with_localizations")
    return Reply(body=[item if whole else _plain(item) for item in core.commands.get(scope, [])])


def _plain(command: Payload) -> Payload:
    return {name: value for name, value in command.items() if not name.endswith("_localizations")}


def overwrite(core: Core, call: Call) -> Reply:
    """Write all commands of a scope; what is not in the list is gone."""
    scope = _scope(core, call)
    _check(call.body)
    before = {(item["type"], item["name"]): item["id"] for item in core.commands.get(scope, [])}
    core.commands[scope] = [_made(core, item, scope, before) for item in call.body]
    core.command_writes += 1
    return Reply(body=core.commands[scope])


def create(core: Core, call: Call) -> Reply:
    """Write one command; one of the same name and type is replaced."""
    scope = _scope(core, call)
    key = (call.body.get("type") or CHAT_INPUT, call.body["name"])
    others = [item for item in core.commands.get(scope, []) if (item["type"], item["name"]) != key]
    _check([*others, call.body])
    before = {(item["type"], item["name"]): item["id"] for item in core.commands.get(scope, [])}
    made = _made(core, call.body, scope, before)
    core.commands[scope] = [*others, made]
    core.command_writes += 1
    return Reply(status=200 if key in before else 201, body=made)


def one(core: Core, call: Call) -> Reply:
    """One command."""
    for item in core.commands.get(_scope(core, call), []):
        if item["id"] == call.path["command_id"]:
            return Reply(body=item)
    raise unknown("Application Command")


def _check(commands: list[Payload]) -> None:
    names = Counter((command.get("type") or CHAT_INPUT, command["name"]) for command in commands)
    for type, most in MOST.items():
        if sum(kind == type for kind, _ in names) > most:
            raise ApiError(400, 30032, f"Maximum number of application commands reached ({most}).")
    for number, item in enumerate(commands):
        type = item.get("type") or CHAT_INPUT
        if names[type, item["name"]] > 1:
            why = "Application command names must be unique"
            raise wrong_form([number, "name"], "APPLICATION_COMMANDS_DUPLICATE_NAME", why)
        if type == CHAT_INPUT:
            _check_chat_input(item, [number])
        elif item.get("description") or item.get("options"):
            why = "Context menu commands cannot have description or options"
            raise wrong_form([number], "APPLICATION_COMMAND_INVALID", why)


def _check_chat_input(command: Payload, path: list[str | int]) -> None:
    if not command.get("description"):
        raise wrong_form([*path, "description"], "BASE_TYPE_REQUIRED", "This field is required")
    if sum(_lengths(command)) > MOST_CHARACTERS:
        why = f"Command exceeds maximum size ({MOST_CHARACTERS})"
        raise wrong_form(path, "APPLICATION_COMMAND_TOO_LARGE", why)
    _check_names(command, path)


def _check_names(part: Payload, path: list[str | int]) -> None:
    for place, name in [
        ("name", part["name"]),
        *((("name_localizations"), one) for one in _translations(part, "name")),
    ]:
        if not _NAME.match(name) or name != name.lower():
            why = "Command name is invalid"
            raise wrong_form([*path, place], "APPLICATION_COMMAND_INVALID_NAME", why)
    options = part.get("options") or []
    names = [option["name"] for option in options]
    if len(set(names)) < len(names):
        why = "Option names must be unique"
        raise wrong_form([*path, "options"], "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", why)
    needed = [bool(option.get("required")) for option in options]
    if needed != sorted(needed, reverse=True):
        why = "Required options must be placed before non-required options"
        raise wrong_form([*path, "options"], "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", why)
    for number, item in enumerate(options):
        if item.get("autocomplete") and item.get("choices"):
            why = "Options with autocomplete cannot have choices"
            raise wrong_form([*path, "options", number], "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES", why)
        _check_names(item, [*path, "options", number])


def _translations(part: Payload, name: str) -> Iterable[str]:
    found: dict[str, str] = part.get(f"{name}_localizations") or {}
    return found.values()


def _lengths(part: Payload) -> Iterable[int]:
    """How long name, description and values are, in the language in which each is longest."""
    for name in ("name", "description"):
        yield max(len(one) for one in [part.get(name) or "", *_translations(part, name)])
    for option in part.get("options") or ():
        yield from _lengths(option)
    for choice in part.get("choices") or ():
        yield max(len(one) for one in [choice["name"], *_translations(choice, "name")])
        yield len(choice["value"]) if isinstance(choice["value"], str) else 0


def _made(core: Core, given: Payload, scope: int | None, before: dict[tuple[int, str], str]) -> Payload:
    """A command as Discord keeps it; one that was there keeps its id."""
    type = given.get("type") or CHAT_INPUT
    held = given.get("default_member_permissions")
    made: dict[str, Any] = {
        "id": before.get((type, given["name"])) or str(core.ids.new()),
        "application_id": str(core.bot.id),
        "version": str(core.ids.new()),
        "default_member_permissions": None if held is None else str(held),
        "type": type,
        "name": given["name"],
        "name_localizations": given.get("name_localizations") or None,
        "description": given.get("description") or "",
        "description_localizations": given.get("description_localizations") or None,
        "contexts": given.get("contexts") or ([0, 1, 2] if scope is None else None),
        "integration_types": given.get("integration_types") or [0],
        "nsfw": bool(given.get("nsfw")),
    }
    if given.get("options"):
        made["options"] = [_option(option) for option in given["options"]]
    return made if scope is None else made | {"guild_id": str(scope)}


def _option(given: Payload) -> Payload:
    """An option without what is null."""
    made = {name: value for name, value in given.items() if value is not None}
    if made.get("options"):
        made["options"] = [_option(option) for option in made["options"]]
    return made


_GLOBAL = "/applications/{application_id}/commands"
_GUILD = "/applications/{application_id}/guilds/{guild_id}/commands"

ROUTES: Routes = {
    ("GET", _GLOBAL): listing,
    ("PUT", _GLOBAL): overwrite,
    ("POST", _GLOBAL): create,
    ("GET", f"{_GLOBAL}/{{command_id}}"): one,
    ("GET", _GUILD): listing,
    ("PUT", _GUILD): overwrite,
    ("POST", _GUILD): create,
    ("GET", f"{_GUILD}/{{command_id}}"): one,
}
