"""Payloads of Slack's events beside messages, and of its interactions.

https://docs.slack.dev/reference/events and https://docs.slack.dev/reference/interaction-payloads
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator

from adapters.slack.payloads import NamedPayload, SlackMessage, moment
from bot.chat.payload import Many, Nested, OrNone, Payload, Text, Texts


class ReactionItem(Payload):
    """Message that somebody reacts to."""

    type: Text = ""
    channel: Text = ""
    ts: Text = ""


class ReactionEvent(Payload):
    """Somebody reacts to a message (https://docs.slack.dev/reference/events/reaction_added)."""

    user: Text = ""
    reaction: Text = ""
    item_user: Text = ""
    item: Nested[ReactionItem] = ReactionItem()
    event_ts: Text = ""


class ChannelEvent(Payload):
    """Something happens in a channel: it is left or deleted, a page is opened, a session stopped, somebody joins."""

    user: Text = ""
    inviter: Text = ""
    channel: Text = ""
    thread_ts: Text = ""
    tab: Text = ""
    event_ts: Text = ""


class ChangeEvent(Payload):
    """Somebody, or a channel, has changed."""

    user: Nested[NamedPayload] = NamedPayload()
    channel: Nested[NamedPayload] = NamedPayload()


class RevokedTokens(Payload):
    """Ids of those whose tokens were revoked."""

    bot: Texts = ()


class RevocationEvent(Payload):
    """The app was taken out of a workspace, or tokens of it were revoked."""

    type: Text = ""
    tokens: Nested[RevokedTokens] = RevokedTokens()


# ---------------------------------------------------------------- interactions


class InteractionUser(Payload):
    """Person who does something."""

    id: Text = ""
    team_id: Text = ""


class Container(Payload):
    """Container of a control."""

    channel_id: Text = ""


class OptionValue(Payload):
    """A chosen option."""

    value: Text = ""


class InputState(Payload):
    """State of a field of a form."""

    value: Text = ""
    selected_option: Nested[OptionValue] = OptionValue()
    selected_options: Many[OptionValue] = ()

    @property
    def given(self) -> str:
        """The text that was typed or chosen."""
        return self.value or self.selected_option.value


def _values(value: object) -> dict[str, dict[str, Any]]:
    blocks = value if isinstance(value, Mapping) else {}
    return {
        block: {name: item for name, item in inputs.items() if isinstance(item, Mapping)}
        for block, inputs in blocks.items()
        if isinstance(inputs, Mapping)
    }


class ViewState(Payload):
    """State of the fields of a form, by block and action."""

    values: Annotated[Mapping[str, Mapping[str, InputState]], BeforeValidator(_values)] = {}


class ViewElement(Payload):
    """A field of a form as it was shown, before anything was typed."""

    initial_value: Text = ""
    initial_option: Nested[OptionValue] = OptionValue()

    @property
    def shown(self) -> str:
        """The text that stood in it."""
        return self.initial_value or self.initial_option.value


class ViewBlock(Payload):
    """A block of a form."""

    block_id: Text = ""
    element: Nested[ViewElement] = ViewElement()


class ModalView(Payload):
    """A form."""

    id: Text = ""
    hash: Text = ""
    callback_id: Text = ""
    private_metadata: Text = ""
    state: Nested[ViewState] = ViewState()
    blocks: Many[ViewBlock] = ()


class ControlAction(InputState):
    """A control that was used."""

    action_id: Text = ""
    action_ts: Text = ""


class Interaction(Payload):
    """Act of somebody: a command, a shortcut, a control, a form; `event_ts` names it where it is an event."""

    trigger_id: Text = ""
    event_ts: Text = ""
    callback_id: Text = ""
    response_url: Text = ""
    text: Text = ""
    user: Nested[InteractionUser] = InteractionUser()
    user_id: Text = ""
    channel: Nested[NamedPayload] = NamedPayload()
    channel_id: Text = ""
    container: Nested[Container] = Container()
    message: OrNone[SlackMessage] = None
    actions: Many[ControlAction] = ()
    view: OrNone[ModalView] = None

    @property
    def actor(self) -> str:
        """The id of who does it."""
        return self.user.id or self.user_id

    @property
    def place(self) -> str:
        """Where it is done; "" outside of channels."""
        return self.channel.id or self.channel_id or self.container.channel_id

    @property
    def at(self) -> datetime | None:
        """When it was done, None where Slack does not tell."""
        return moment(next((action.action_ts for action in self.actions), "") or self.event_ts)

    @property
    def name(self) -> str:
        """Its name, the same in every delivery of it; "" where Slack gives no name.

        A trigger stands for one press, command or submission. Several controls may be used by one press, and Slack's
        own Stop button is an event.
        """
        used = [action.action_ts or action.action_id for action in self.actions]
        view = (self.view.id, self.view.hash) if self.view else ()
        return "/".join(filter(None, (self.trigger_id or self.event_ts, *used))) or "/".join(filter(None, view))
