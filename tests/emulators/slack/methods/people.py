"""auth.*, users.*, bots.*, usergroups.*, reactions.*, apps.*: who is who."""

from __future__ import annotations

from typing import Any

from tests.emulators.slack.blocks import check_message_blocks, read_blocks
from tests.emulators.slack.calls import Call
from tests.emulators.slack.errors import SlackError
from tests.emulators.slack.methods.conversations import listed
from tests.emulators.slack.options import APP_ID
from tests.emulators.slack.shapes import bot_profile, group_json, person_json

Json = dict[str, Any]


def auth_test(call: Call) -> Json:
    """auth.test."""
    return {
        "url": f"https://{call.workspace.domain}.slack.com/",
        "team": call.workspace.name,
        "user": call.bot.handle,
        "team_id": call.workspace.id,
        "user_id": call.bot.id,
        "bot_id": call.bot.bot_id,
        "app_id": APP_ID,
        "is_enterprise_install": False,
    }


def open_connection(call: Call) -> Json:
    """apps.connections.open."""
    return {"url": call.slack.sockets.told_address()}


def user_info(call: Call) -> Json:
    """users.info."""
    return {"user": person_json(call.person(), call.workspace, locale=call.args.flag("include_locale"))}


def list_users(call: Call) -> Json:
    """users.list."""
    people = [person for person in call.slack.world.people.values() if person.team == call.workspace.id]
    page, metadata = listed(call, people)
    locale = call.args.flag("include_locale")
    return {
        "members": [person_json(item, call.workspace, locale=locale) for item in page],
        "cache_ts": int(call.slack.clock.time()),
        "response_metadata": metadata,
    }


def bot_info(call: Call) -> Json:
    """bots.info."""
    wanted = call.args.need("bot")
    bots = (workspace.bot for workspace in call.slack.world.workspaces.values())
    bot = next((item for item in bots if item.bot_id == wanted), None)
    if bot is None:
        raise SlackError("bot_not_found")
    told = bot_profile(bot)
    told.pop("team_id")
    return {"bot": told | {"user_id": bot.id}}


def group_users(call: Call) -> Json:
    """usergroups.users.list."""
    group = call.workspace.groups.get(call.args.need("usergroup"))
    if group is None or (group.is_disabled and not call.args.flag("include_disabled")):
        raise SlackError("no_such_subteam")
    return {"users": group.members}


def list_groups(call: Call) -> Json:
    """usergroups.list: those that are not disabled unless they are asked for, with their people if these are."""
    shown = [
        item for item in call.workspace.groups.values() if call.args.flag("include_disabled") or not item.is_disabled
    ]
    return {"usergroups": [group_json(item, call.workspace, users=call.args.flag("include_users")) for item in shown]}


def add_reaction(call: Call) -> Json:
    """reactions.add."""
    return _react(call, add=True)


def remove_reaction(call: Call) -> Json:
    """reactions.remove."""
    return _react(call, add=False)


def _react(call: Call, *, add: bool) -> Json:
    name = call.args.need("name").strip(":")
    message = call.message(call.joined(), "timestamp")
    users = message.reactions.setdefault(name, [])
    if add and call.bot.id in users:
        raise SlackError("already_reacted")
    if not add and call.bot.id not in users:
        raise SlackError("no_reaction")
    (users.append if add else users.remove)(call.bot.id)
    if not users:
        del message.reactions[name]
    return {}


def validate_blocks(call: Call) -> Json:
    """blocks.validate."""
    blocks = read_blocks(call.args.structure("blocks", "invalid_blocks_format"))
    if not blocks:
        raise SlackError("invalid_arguments", "missing required field: blocks")
    call.warnings += check_message_blocks(blocks)
    return {}
