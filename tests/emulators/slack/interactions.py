"""What people press, type and fill in; the answers come back in the same breath."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.emulators.slack.blocks import check_message_blocks, read_blocks
from tests.emulators.slack.deliveries import Delivery
from tests.emulators.slack.errors import SlackError
from tests.emulators.slack.methods.views import check_view, make_view, new_hash, view_json
from tests.emulators.slack.options import APP_ID, VERIFICATION_TOKEN
from tests.emulators.slack.people import PeopledSlack
from tests.emulators.slack.recorder import Violation
from tests.emulators.slack.rendering import all_blocks
from tests.emulators.slack.shapes import thread_json
from tests.emulators.slack.surfaces import ResponseUrl, View
from tests.emulators.slack.world import Channel, Message, Person

Json = dict[str, Any]

# What an element carries of a choice in block_actions and in the state of a view, by its type.
_CHOSEN = {
    "button": "value",
    "plain_text_input": "value",
    "number_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "users_select": "selected_user",
    "channels_select": "selected_channel",
    "conversations_select": "selected_conversation",
    "static_select": "selected_option",
    "radio_buttons": "selected_option",
    "overflow": "selected_option",
    "external_select": "selected_option",
    "multi_static_select": "selected_options",
    "checkboxes": "selected_options",
}


class InteractiveSlack(PeopledSlack):
    """Slack with buttons, commands, shortcuts and forms."""

    async def slash(self, person: Person, channel: Channel, command: str, text: str = "") -> Delivery:
        """Somebody types a command in the channel. What the app answers at once is shown to them alone."""
        right = ResponseUrl(person=person, channel=channel, at=self.clock.time())
        workspace = self.world.workspaces[channel.team]
        names = {"im": "directmessage", "mpim": channel.name, "private": "privategroup", "public": channel.name}
        payload = {
            "token": VERIFICATION_TOKEN,
            "team_id": workspace.id,
            "team_domain": workspace.domain,
            "channel_id": channel.id,
            "channel_name": names[channel.kind],
            "user_id": person.id,
            "user_name": person.handle,
            "command": command,
            "text": text,
            "api_app_id": APP_ID,
            "is_enterprise_install": "false",
            "response_url": self._response_url("commands", right),
            "trigger_id": self.surfaces.new_trigger(person),
        }
        delivery = await self._deliver("slash_commands", payload)
        if not delivery.acknowledged:
            self._tell(person, channel, f'{command} failed with the error "{_failure(delivery)}"')
        elif delivery.answer:
            self.respond(right, delivery.answer)
        return delivery

    async def slash_in_thread(self, person: Person, message: Message, command: str) -> None:
        """Somebody tries a command in a thread: Slack refuses by itself, and the app hears nothing."""
        self._tell(person, message.channel, f"{command} is not supported in threads. Sorry!", message.root_ts)

    async def shortcut(self, person: Person, callback_id: str, message: Message | None = None) -> Delivery:
        """Somebody chooses a shortcut, of a message or a global one."""
        workspace = self.world.workspaces[message.channel.team if message else person.team]
        payload: Json = {
            "type": "message_action" if message else "shortcut",
            "token": VERIFICATION_TOKEN,
            "action_ts": self.world.new_ts(),
            "team": {"id": workspace.id, "domain": workspace.domain},
            "user": {"id": person.id, "username": person.handle, "name": person.handle, "team_id": person.team},
            "is_enterprise_install": False,
            "enterprise": None,
            "callback_id": callback_id,
            "trigger_id": self.surfaces.new_trigger(person),
        }
        if message:
            right = ResponseUrl(
                person=person, channel=message.channel, at=self.clock.time(), thread_ts=message.thread_ts
            )
            payload |= {
                "response_url": self._response_url("app", right),
                "message_ts": message.ts,
                "channel": {"id": message.channel.id, "name": message.channel.name or "directmessage"},
                "message": thread_json(message, self.world, self.origin),
            }
        return await self._deliver("interactive", payload)

    async def press(self, person: Person, message: Message, action_id: str, value: Any = None) -> Delivery:
        """Somebody uses a control of a message: a button, or a choice of `value`. Raises `LookupError`."""
        block, element = find_element(all_blocks(message), action_id, value)
        right = ResponseUrl(
            person=person,
            channel=message.channel,
            at=self.clock.time(),
            source=message,
            thread_ts=message.thread_ts,
        )
        container: Json = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": message.channel.id,
            "is_ephemeral": message.only_for is not None,
        }
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        payload = self._block_actions(person, message.channel.team, block, element, value) | {
            "container": container,
            "channel": {"id": message.channel.id, "name": message.channel.name or "directmessage"},
            "state": {"values": {}},
            "response_url": self._response_url("actions", right),
        }
        if message.only_for is None:  # the payload of an ephemeral message has no message
            payload["message"] = thread_json(message, self.world, self.origin)
        return await self._deliver("interactive", payload)

    async def press_in_view(self, view: View, action_id: str, value: Any = None) -> Delivery:
        """Somebody uses a control of a modal or of their home tab. Raises `LookupError`."""
        block, element = find_element(view.body["blocks"], action_id, value)
        payload = self._block_actions(view.person, view.person.team, block, element, value) | {
            "container": {"type": "view", "view_id": view.id},
            "view": view_json(view, self.world.workspaces[view.team]),
        }
        return await self._deliver("interactive", payload)

    def open_view(self, person: Person) -> View | None:
        """The modal that somebody sees."""
        stack = self.surfaces.modals.get(person.id)
        return stack[-1] if stack else None

    def home(self, person: Person) -> View | None:
        """What the app has put on somebody's home tab."""
        return self.surfaces.homes.get(person.id)

    async def submit_view(self, person: Person, values: Mapping[str, Any] | None = None) -> Delivery:
        """Somebody fills in the open modal and submits it; `values` by action_id, the others as they were set.

        Errors that the app answers stand in `open_view(person).errors` by block_id. Raises `LookupError` without modal.
        """
        view = self.open_view(person)
        if view is None:
            raise LookupError(f"{person.name} sees no modal")
        told = view_json(view, self.world.workspaces[view.team])
        told["state"] = {"values": view_state(view, values or {})}
        payload = self._person_payload("view_submission", person) | {
            "trigger_id": self.surfaces.new_trigger(person),
            "view": told,
            "response_urls": [],
        }
        delivery = await self._deliver("interactive", payload)
        if delivery.acknowledged:
            self._answer_view(view, delivery.answer or {})
        return delivery

    async def close_view(self, person: Person) -> Delivery | None:
        """Somebody closes the modal; the app hears of it when it asked to (`notify_on_close`)."""
        view = self.open_view(person)
        if view is None:
            raise LookupError(f"{person.name} sees no modal")
        self.surfaces.modals[person.id].pop()
        if not view.body.get("notify_on_close"):
            return None
        told = view_json(view, self.world.workspaces[view.team])
        payload = self._person_payload("view_closed", person) | {"view": told, "is_cleared": False}
        return await self._deliver("interactive", payload)

    def respond(self, right: ResponseUrl, body: Any) -> str:
        """Do what a response asks; the word of the refusal, "" when it was done."""
        if isinstance(body, str):
            body = {"text": body}
        text, blocks = str(body.get("text") or ""), body.get("blocks") or []
        source = right.source
        if body.get("delete_original") and source:
            if source.only_for:
                source.deleted = True
                self.saw(source)
            else:
                self.remove(source)
            return ""
        if not text.strip() and not blocks and not body.get("attachments"):
            return self._refuse_response("no_text")
        try:
            check_message_blocks(read_blocks(blocks))
        except SlackError as error:
            return self._refuse_response(error.code, error.why)
        if source and body.get("replace_original", True):
            self._replace(source, text, blocks)
            return ""
        shared = body.get("response_type") == "in_channel"
        message = Message(
            channel=right.channel,
            ts=self.world.new_ts(),
            author=self.world.workspaces[right.channel.team].bot,
            text=text,
            blocks=blocks,
            thread_ts=str(body.get("thread_ts") or right.thread_ts),
            only_for=None if shared else right.person,
        )
        if shared:
            self.publish(message)
        else:
            self.whisper(message)
        return ""

    def _replace(self, source: Message, text: str, blocks: list[Json]) -> None:
        if source.only_for:
            source.text, source.blocks = text, blocks
            self.saw(source)
            return
        with self.changing(source):
            source.text, source.blocks, source.stream = text, blocks, None

    def _refuse_response(self, code: str, why: str = "") -> str:
        self.violations.append(Violation(method="response_url", error=code, why=why))
        return code

    def _answer_view(self, view: View, answer: Any) -> None:
        """What becomes of a submitted modal: errors, another view, or it is closed."""
        stack = self.surfaces.modals[view.person.id]
        workspace = self.world.workspaces[view.team]
        match answer.get("response_action"):
            case "errors":
                known = {item.get("block_id") for item in view.body["blocks"]}
                view.errors = {block: why for block, why in answer["errors"].items() if block in known}
                if not view.errors:
                    raise AssertionError("the errors of the answer name no block of the view: people see none")
            case "update":
                check_view(answer["view"], "modal")
                view.body, view.hash, view.errors = dict(answer["view"]), new_hash(), {}
            case "push":
                check_view(answer["view"], "modal")
                stack.append(make_view(self.world.new_id("V"), view.person, workspace, answer["view"], below=view))
            case "clear":
                stack.clear()
            case _:
                stack.remove(view)

    def _block_actions(self, person: Person, team: str, block: Json, element: Json, value: Any) -> Json:
        action: Json = {
            "type": element["type"],
            "action_id": element["action_id"],
            "block_id": block.get("block_id", "b1"),
            "action_ts": self.world.new_ts(),
        }
        if element["type"] == "feedback_buttons":
            chosen = _feedback(element, value)
            action |= {"text": chosen.get("text"), "value": chosen.get("value")}
        elif element["type"] in {"button", "icon_button"}:
            action |= {name: element[name] for name in ("text", "value", "style") if name in element}
        else:
            name = _CHOSEN[element["type"]]
            action[name] = choice_of(element, value)
        return self._person_payload("block_actions", person, team) | {
            "trigger_id": self.surfaces.new_trigger(person),
            "actions": [action],
        }

    def _person_payload(self, kind: str, person: Person, team: str = "") -> Json:
        """Who did something; `team` is where the app stands, which is not always the team of the person.

        In a channel shared with another organisation they differ: `user.team_id` is that of the person alone
        (github.com/slackapi/java-slack-sdk/issues/1041).
        """
        workspace = self.world.workspaces[team or person.team]
        return {
            "type": kind,
            "team": {"id": workspace.id, "domain": workspace.domain},
            "user": {"id": person.id, "username": person.handle, "name": person.handle, "team_id": person.team},
            "api_app_id": APP_ID,
            "token": VERIFICATION_TOKEN,
            "enterprise": None,
            "is_enterprise_install": False,
        }

    async def _deliver(self, kind: Any, payload: Json) -> Delivery:
        delivery = self.deliveries.send(kind, payload)
        await delivery.finished.wait()
        return delivery

    def _response_url(self, kind: str, right: ResponseUrl) -> str:
        return f"{self.origin}/{kind}/{right.channel.team}/{self.surfaces.new_response_key(right)}"

    def _tell(self, person: Person, channel: Channel, text: str, thread_ts: str = "") -> None:
        slackbot = Person(id="USLACKBOT", team=channel.team, name="Slackbot")
        self.whispers.append(
            Message(
                channel=channel,
                ts=self.world.new_ts(),
                author=slackbot,
                text=text,
                thread_ts=thread_ts,
                only_for=person,
            )
        )


def _failure(delivery: Delivery) -> str:
    return "operation_timeout" if "timeout" in delivery.answers[-1].failed else "dispatch_failed"


def find_element(blocks: list[Json], action_id: str, value: Any = None) -> tuple[Json, Json]:
    """A control and its block. Raises `LookupError` when people see none by that name."""
    seen: list[str] = []
    for block in blocks:
        for element in _controls(block):
            seen.append(str(element.get("action_id")))
            if element.get("action_id") == action_id:
                return block, element
    raise LookupError(f"no control {action_id!r}; there are {', '.join(seen) or 'none'}")


def _controls(block: Json) -> list[Json]:
    inner = [
        control for child in block.get("child_blocks") or block.get("blocks") or [] for control in _controls(child)
    ]
    holders = [*(block.get("elements") or []), block.get("accessory"), block.get("element")]
    return [holder for holder in holders if isinstance(holder, dict) and "action_id" in holder] + inner


def _feedback(element: Json, value: Any) -> Json:
    """The positive button by its value or by True, the negative by its value or by False."""
    for name, word in (("positive_button", True), ("negative_button", False)):
        button: Json = element[name]
        if value is word or value == button.get("value"):
            return button
    raise LookupError(f"no feedback button has the value {json.dumps(value)}")


def choice_of(element: Json, value: Any) -> Any:
    """What the payload carries for a choice. Raises `LookupError` for a value that is not offered."""
    if not _CHOSEN.get(element["type"], "").startswith("selected_option"):
        return value
    groups = [option for group in element.get("option_groups") or [] for option in group["options"]]
    options = {option["value"]: option for option in [*(element.get("options") or []), *groups]}
    try:
        if isinstance(value, list | tuple):
            return [options[item] for item in value]
        return None if value is None else options[value]
    except KeyError as error:
        raise LookupError(f"{error} is not offered; there are {', '.join(options)}") from None


def view_state(view: View, values: Mapping[str, Any]) -> Json:
    """What a modal's inputs hold when it is submitted. Raises `LookupError` for a value without an input."""
    state: Json = {}
    unused = dict(values)
    for block in view.body["blocks"]:
        for element in _controls(block):
            action_id = element["action_id"]
            name = _CHOSEN.get(element["type"])
            if name is None or element["type"] == "button":
                continue
            if action_id in unused:
                chosen = choice_of(element, unused.pop(action_id))
            else:
                chosen = element.get(f"initial_{name.removeprefix('selected_')}")
            state.setdefault(block["block_id"], {})[action_id] = {"type": element["type"], name: chosen}
    if unused:
        raise LookupError(f"the modal has no input {', '.join(unused)}")
    return state
