"""views.*: modals and home tabs."""

from __future__ import annotations

import json
import uuid
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.views import View as SdkView

from tests.emulators.slack.blocks import check_view_blocks, read_blocks, specification_warnings
from tests.emulators.slack.calls import Call
from tests.emulators.slack.errors import SlackError, missing
from tests.emulators.slack.options import APP_ID
from tests.emulators.slack.surfaces import MOST_STACKED, View
from tests.emulators.slack.world import Person, Workspace

Json = dict[str, Any]

MOST_VIEW_BYTES = 250_000  # views.* (view_too_large)
LONGEST_TITLE = 24  # title, submit and close of a modal (views reference)
_SENT = ("type", "blocks", "title", "submit", "close", "private_metadata", "callback_id", "external_id")
_FLAGS = ("clear_on_close", "notify_on_close", "submit_disabled")


def open_view(call: Call) -> Json:
    """views.open: a modal for whoever did what gave the trigger."""
    body = read_view(call, "modal")
    person = call.slack.surfaces.use_trigger(_trigger(call))
    view = make_view(call.slack.world.new_id("V"), person, call.workspace, body)
    call.slack.surfaces.modals[person.id] = [view]
    return {"view": view_json(view, call.workspace)}


def push_view(call: Call) -> Json:
    """views.push: another modal above the open one."""
    body = read_view(call, "modal")
    person = call.slack.surfaces.use_trigger(_trigger(call))
    stack = call.slack.surfaces.modals.setdefault(person.id, [])
    if len(stack) >= MOST_STACKED:
        raise SlackError("push_limit_reached")
    view = make_view(call.slack.world.new_id("V"), person, call.workspace, body, below=stack[-1] if stack else None)
    stack.append(view)
    return {"view": view_json(view, call.workspace)}


def update_view(call: Call) -> Json:
    """views.update."""
    if "view_id" not in call.args and "external_id" not in call.args:
        raise missing("view_id")
    view = call.slack.surfaces.find_view(call.args.text("view_id"), call.args.text("external_id"))
    if call.args.text("hash", view.hash) != view.hash:
        raise SlackError("hash_conflict")
    view.body = read_view(call, str(view.body["type"]))
    view.hash = new_hash()
    view.errors = {}
    return {"view": view_json(view, call.workspace)}


def publish_view(call: Call) -> Json:
    """views.publish: the home tab of one person."""
    person = call.person("user_id")
    body = read_view(call, "home")
    shown = call.slack.surfaces.homes.get(person.id)
    if shown and call.args.text("hash", shown.hash) != shown.hash:
        raise SlackError("hash_conflict")
    view = make_view(shown.id if shown else call.slack.world.new_id("V"), person, call.workspace, body)
    call.slack.surfaces.homes[person.id] = view
    return {"view": view_json(view, call.workspace)}


def _trigger(call: Call) -> str:
    return call.args.text("trigger_id") or call.args.need("interactivity_pointer")


def read_view(call: Call, kind: str) -> Json:
    """The view that was sent. Raises `SlackError`."""
    body = call.args.structure("view")
    if body is None:
        raise missing("view")
    call.warnings += check_view(body, kind)
    return dict(body)


def check_view(body: Any, kind: str) -> list[str]:
    """Warnings about a view. Raises `SlackError` for what Slack refuses."""
    if not isinstance(body, dict) or body.get("type") != kind:
        raise SlackError("invalid_arguments", f"view.type must be {kind} [json-pointer:/view/type]")
    if len(json.dumps(body).encode()) > MOST_VIEW_BYTES:
        raise SlackError("view_too_large")
    blocks = read_blocks(body.get("blocks"))
    try:
        check_view_blocks(blocks)
        SdkView(**{name: body[name] for name in (*_SENT, *_FLAGS) if name in body}).to_dict()
    except SlackError as error:
        raise SlackError("invalid_arguments", error.why.replace(":/blocks", ":/view/blocks")) from None
    except SlackObjectFormationError as error:
        raise SlackError("invalid_arguments", str(error)) from None
    except TypeError as error:
        raise SlackError("invalid_arguments", f"malformed view: {error}") from None
    if kind == "modal":
        _check_modal(body, blocks)
    return specification_warnings("view", body)


def _check_modal(body: Json, blocks: list[Json]) -> None:
    if not body.get("title"):
        raise SlackError("invalid_arguments", "missing required field: title [json-pointer:/view/title]")
    for name in ("title", "submit", "close"):
        label = body.get(name) or {}
        if not isinstance(label, dict) or not isinstance(label.get("text", ""), str):
            raise SlackError("invalid_arguments", f"must be a text object: {name}")
        if len(label.get("text", "")) > LONGEST_TITLE:
            raise SlackError("invalid_arguments", f"must be less than {LONGEST_TITLE + 1} characters: {name}")
    if any(block.get("type") == "input" for block in blocks) and not body.get("submit"):
        raise SlackError("invalid_arguments", "a view with input blocks needs a submit button")


def make_view(id: str, person: Person, workspace: Workspace, body: Json, *, below: View | None = None) -> View:
    """A view as somebody sees it; blocks without an id get one, as Slack does."""
    blocks = [{"block_id": uuid.uuid4().hex[:5], **block} for block in body["blocks"]]
    return View(
        id=id,
        person=person,
        team=workspace.id,
        body=body | {"blocks": blocks},
        hash=new_hash(),
        root_id=below.root_id if below else id,
        previous_id=below.id if below else "",
    )


def new_hash() -> str:
    """What tells one state of a view from the next."""
    return uuid.uuid4().hex


def view_json(view: View, workspace: Workspace) -> Json:
    """A view as answers and interactions carry it."""
    sent = {name: view.body[name] for name in (*_SENT, *_FLAGS) if name in view.body}
    return {
        "id": view.id,
        "team_id": view.team,
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "clear_on_close": False,
        "notify_on_close": False,
        "submit": None,
        "close": None,
        **sent,
        "state": {"values": {}},
        "hash": view.hash,
        "root_view_id": view.root_id,
        "previous_view_id": view.previous_id or None,
        "app_id": APP_ID,
        "app_installed_team_id": workspace.id,
        "bot_id": workspace.bot.bot_id,
    }
