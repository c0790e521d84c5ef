"""Answers to interactions: the first one within three seconds, further ones for fifteen minutes."""

from __future__ import annotations

from typing import Any

from tests.emulators.discord import permissions, posting
from tests.emulators.discord.core import Core
from tests.emulators.discord.errors import ApiError, unknown, wrong_form
from tests.emulators.discord.interaction import (
    ANSWER,
    AUTOCOMPLETE,
    CHOICES,
    COMMAND,
    COMPONENT,
    DEFER,
    DEFER_UPDATE,
    MODAL,
    MODAL_SUBMIT,
    MOST_FOLLOWUPS,
    TOKEN_S,
    UPDATE,
    Interaction,
)
from tests.emulators.discord.rest.call import NO_CONTENT, Call, Reply, Routes
from tests.emulators.discord.world import CHAT_INPUT, CONTEXT_MENU, EPHEMERAL, LOADING, REPLY, Message, Payload

# Which first answers fit which interaction (interactions/receiving-and-responding).
_FITTING = {
    COMMAND: {ANSWER, DEFER, MODAL},
    COMPONENT: {ANSWER, DEFER, DEFER_UPDATE, UPDATE, MODAL},
    AUTOCOMPLETE: {CHOICES},
    MODAL_SUBMIT: {ANSWER, DEFER, DEFER_UPDATE, UPDATE},
}


def callback(core: Core, call: Call) -> Reply:
    """The first answer to an interaction."""
    found = core.interactions.get(call.id("interaction_id"))
    if found is None or found.token != call.path["interaction_token"] or found.failed(core.clock.time()):
        raise unknown("Interaction")
    if found.is_acknowledged:
        raise ApiError(400, 40060, "Interaction has already been acknowledged.")
    kind = int(call.body["type"])
    if kind not in _FITTING[found.type] or (kind in {UPDATE, DEFER_UPDATE} and found.message is None):
        raise wrong_form(["type"], "INTERACTION_CALLBACK_INVALID", f"Type {kind} does not answer this interaction")
    data: Payload = call.body.get("data") or {}
    _answer(core, found, kind, data, call)
    found.note(kind)
    if kind not in {DEFER, DEFER_UPDATE}:
        found.note_shown()
    return Reply(body=_told(core, found, kind)) if call.flag("with_response") else NO_CONTENT


def _answer(core: Core, found: Interaction, kind: int, data: Payload, call: Call) -> None:
    if kind == ANSWER:
        found.original = _post(core, found, data, call)
    elif kind == DEFER:
        found.original = _thinking(core, found, int(data.get("flags") or 0))
    elif kind == UPDATE and found.message is not None:
        found.original = posting.edit(core, found.message, data, call.files)
    elif kind == DEFER_UPDATE:
        found.original = found.message
    elif kind == CHOICES:
        found.choices = list(data.get("choices") or ())
    elif kind == MODAL:
        found.modal = data


def _told(core: Core, found: Interaction, kind: int) -> Payload:
    about: Payload = {
        "id": str(found.id),
        "type": found.type,
        "channel_id": str(found.channel.id),
        "response_message_loading": kind == DEFER,
        "response_message_ephemeral": bool(found.original and found.original.ephemeral),
    }
    if found.channel.guild is not None:
        about["guild_id"] = str(found.channel.guild.id)
    if found.original is None or kind in {CHOICES, MODAL}:
        return {"interaction": about}
    about["response_message_id"] = str(found.original.id)
    # Discord names the two ways of answering, whether they were deferred or not.
    way = ANSWER if kind in {ANSWER, DEFER} else UPDATE
    return {"interaction": about, "resource": {"type": way, "message": core.message_payload(found.original)}}


def metadata(found: Interaction) -> Payload:
    """What a message tells about the interaction that it answers."""
    about: Payload = {
        "id": str(found.id),
        "type": found.type,
        "user": found.payload.get("user") or found.payload["member"]["user"],
        "authorizing_integration_owners": found.payload["authorizing_integration_owners"],
    }
    if found.type == COMMAND:
        about |= {"name": found.payload["data"]["name"], "command_type": found.payload["data"]["type"]}
    if found.message is not None and found.type == COMPONENT:
        about["interacted_message_id"] = str(found.message.id)
    if found.type == MODAL_SUBMIT:
        assert found.trigger is not None
        about["triggering_interaction_metadata"] = metadata(found.trigger)
    return about


def _flags(found: Interaction, flags: int, core: Core) -> int:
    """Answers are for the asker alone where the app is not installed and the asker may not use external apps."""
    held = permissions.may(found.user, found.channel, "use_external_apps")
    forced = found.channel.guild is not None and not found.installed_in_guild and not held
    return flags | (EPHEMERAL if forced else 0)


def _kind(found: Interaction) -> int:
    if found.type != COMMAND:
        return REPLY if found.message is not None else 0
    return CHAT_INPUT if found.payload["data"]["type"] == 1 else CONTEXT_MENU


def _thinking(core: Core, found: Interaction, flags: int) -> Message:
    """The message that says that the application is thinking."""
    draft = posting.Draft(channel=found.channel, author=core.bot, type=_kind(found), interaction=metadata(found))
    draft.flags = _flags(found, flags & EPHEMERAL, core) | LOADING
    draft.seen_by = found.user
    return posting.post(core, draft)


def _post(core: Core, found: Interaction, body: Payload, call: Call, *, about: Message | None = None) -> Message:
    draft = posting.draft_of(core, found.channel, body, call.files)
    draft.flags = _flags(found, draft.flags, core)
    draft.type, draft.interaction = _kind(found), metadata(found)
    draft.replied_to = about or (found.message if draft.type == REPLY else None)
    draft.seen_by = found.user
    return posting.post(core, draft)


# ---------------------------------------------------------------------- the webhook of an interaction


def _open(core: Core, call: Call) -> Interaction:
    """The interaction of a webhook's address. Raises `ApiError` 50027 for a wrong or old token, 10015 before the first
    answer.
    """
    token = call.path["webhook_token"]
    found = next((one for one in reversed(core.interactions.values()) if one.token == token), None)
    if found is None:
        raise unknown("Webhook")
    if call.id("webhook_id") != core.bot.id or core.clock.time() > found.at + TOKEN_S:
        raise ApiError(401, 50027, "Invalid Webhook Token")
    if not found.is_acknowledged:
        raise unknown("Webhook")
    return found


def _find(found: Interaction, call: Call) -> Message:
    if call.path.get("message_id") is None:
        message = found.original
    else:
        id = call.id("message_id")
        own = [*found.followups, *([found.original] if found.original else [])]
        message = next((one for one in own if one.id == id), None)
        if message is None and found.message is not None and found.message.id == id:
            message = found.message
    if message is None or message.deleted:
        raise unknown("Message")
    return message


def get(core: Core, call: Call) -> Reply:
    """A message that answers the interaction."""
    return Reply(body=core.message_payload(_find(_open(core, call), call)))


def edit(core: Core, call: Call) -> Reply:
    """Change a message that answers the interaction."""
    found = _open(core, call)
    message = posting.edit(core, _find(found, call), call.body, call.files)
    found.note_shown()
    return Reply(body=core.message_payload(message))


def delete(core: Core, call: Call) -> Reply:
    """Delete a message that answers the interaction."""
    posting.remove(core, _find(_open(core, call), call))
    return NO_CONTENT


def follow(core: Core, call: Call) -> Reply:
    """A further answer; the first one after a deferral takes the place of "is thinking"."""
    found = _open(core, call)
    waiting = found.original if found.callback == DEFER and not found.followups else None
    if waiting is not None and waiting.flags & LOADING and not waiting.deleted:
        posting.draft_of(core, found.channel, call.body, ())
        message = posting.edit(core, waiting, _replacing(call.body), call.files)
    else:
        if not found.installed_in_guild and len(found.followups) >= MOST_FOLLOWUPS:
            raise ApiError(400, 40094, "Maximum number of follow-up messages for this interaction reached")
        message = _post(core, found, call.body, call, about=found.original)
        found.followups.append(message)
    found.note_shown()
    return Reply(body=core.message_payload(message))


def _replacing(body: Payload) -> dict[str, Any]:
    empty: Payload = {"content": "", "embeds": [], "components": []}
    return {name: body[name] for name in body if name not in {"nonce", "tts"} and body[name] is not None} | {
        name: value for name, value in empty.items() if body.get(name) is None
    }


_WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"
_ORIGINAL = f"{_WEBHOOK}/messages/@original"
_MESSAGE = f"{_WEBHOOK}/messages/{{message_id}}"

ROUTES: Routes = {
    ("POST", "/interactions/{interaction_id}/{interaction_token}/callback"): callback,
    ("POST", _WEBHOOK): follow,
    ("GET", _ORIGINAL): get,
    ("PATCH", _ORIGINAL): edit,
    ("DELETE", _ORIGINAL): delete,
    ("GET", _MESSAGE): get,
    ("PATCH", _MESSAGE): edit,
    ("DELETE", _MESSAGE): delete,
}
