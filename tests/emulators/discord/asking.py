"""What people do with commands, buttons, lists and forms: they make interactions."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from tests.emulators.discord import arguments, forms, payloads, permissions, rules
from tests.emulators.discord.interaction import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL, MODAL_SUBMIT, Interaction
from tests.emulators.discord.people import CannotDo, People
from tests.emulators.discord.world import DM, Channel, Message, Payload, User

# Contexts and ways of installing (interactions/application-commands).
IN_GUILD, IN_BOT_DM, IN_PRIVATE = 0, 1, 2
TO_GUILD, TO_USER = 0, 1
_CHAT_INPUT, _OF_USER, _OF_MESSAGE = 1, 2, 3
_BUTTON = 2
_LINK = 5
_ATTACHMENT_LIMIT = rules.FILE_BYTES


class Asking(People):
    """A person uses the application. What the client would not offer raises `CannotDo`."""

    def slash(self, user: User, channel: Channel, name: str, options: Mapping[str, Any] | None = None) -> Interaction:
        """Use a command; `name` may have parts, as in "config set". A file is a pair of its name and its bytes."""
        root, *rest = name.split()
        command = self._command(user, channel, root, _CHAT_INPUT)
        leaf = arguments.leaf_of(command, rest)
        filled, resolved = arguments.filled(self, leaf, options or {}, channel)
        data = self._command_data(command) | {"options": arguments.nested(command, rest, filled)}
        if resolved:
            data["resolved"] = resolved
        return self._interact(user, channel, COMMAND, data, command=command)

    def autocomplete(
        self, user: User, channel: Channel, name: str, option: str, typed: str, options: Mapping[str, Any] | None = None
    ) -> Interaction:
        """Type into an option that completes; `options` are those already filled in."""
        root, *rest = name.split()
        command = self._command(user, channel, root, _CHAT_INPUT)
        leaf = arguments.leaf_of(command, rest)
        filled = arguments.typing(leaf, option, typed, options or {})
        data = self._command_data(command) | {"options": arguments.nested(command, rest, filled)}
        return self._interact(user, channel, AUTOCOMPLETE, data, command=command)

    def context_menu(
        self, user: User, name: str, target: Message | User, channel: Channel | None = None
    ) -> Interaction:
        """Use a command from the menu of a message, or of a person in `channel`."""
        of_message = isinstance(target, Message)
        place = target.channel if isinstance(target, Message) else channel
        if place is None:
            raise CannotDo("the menu of a person is opened in a channel")
        command = self._command(user, place, name, _OF_MESSAGE if of_message else _OF_USER)
        data = self._command_data(command) | {"target_id": str(target.id)}
        if isinstance(target, Message):
            data["resolved"] = {"messages": {str(target.id): self.message_payload(target)}}
        else:
            data["resolved"] = arguments.resolved_users(target, place)
        return self._interact(user, place, COMMAND, data, command=command)

    def press(self, user: User, message: Message, button: str) -> Interaction:
        """Press the button with that custom id or label."""
        found = self._component(user, message, button)
        if found["type"] != _BUTTON or found["style"] == _LINK:
            raise CannotDo(f"{button!r} is no button that asks the application")
        return self._use(user, message, found, {})

    def select(self, user: User, message: Message, custom_id: str, values: Sequence[Any]) -> Interaction:
        """Choose from a list: values of a list of texts, or people, roles and channels."""
        found = self._component(user, message, custom_id)
        return self._use(user, message, found, forms.chosen(found, values, message.channel))

    def submit_modal(self, user: User, opened: Interaction, values: Mapping[str, Any]) -> Interaction:
        """Send the form that `opened` was answered with, filled in by custom ids."""
        if opened.callback != MODAL or opened.modal is None or opened.user is not user:
            raise CannotDo("there is no form")
        components, resolved = forms.submitted(self, opened.modal, values)
        data: Payload = {"custom_id": opened.modal["custom_id"], "components": components}
        if resolved:
            data["resolved"] = resolved
        return self._interact(user, opened.channel, MODAL_SUBMIT, data, message=opened.message, trigger=opened)

    # ------------------------------------------------------------------ parts

    def _command(self, user: User, channel: Channel, name: str, type: int) -> Payload:
        """The command as the client would find it. Raises `CannotDo`."""
        scopes = [channel.guild.id] if channel.guild else []
        every = [item for scope in (*scopes, None) for item in self.commands.get(scope, ())]
        for item in every:
            if item["name"] != name or item["type"] != type:
                continue
            if self.context(channel) not in (item["contexts"] or [IN_GUILD, IN_BOT_DM]):
                raise CannotDo(f"{name!r} is not offered here")
            if not self._owners(user, channel, item["integration_types"]):
                raise CannotDo(f"{name!r} is not installed here")
            self._check_may_use(user, channel, item)
            return item
        raise CannotDo(f"there is no command {name!r}")

    def _check_may_use(self, user: User, channel: Channel, command: Payload) -> None:
        if channel.guild is None:
            if user not in channel.recipients:
                raise CannotDo(f"{user.name} does not see this channel")
            return
        held = permissions.permissions(user, channel)
        needed = int(command["default_member_permissions"] or 0)
        usable = held & permissions.BITS["use_application_commands"] and held & needed == needed
        hidden = command["default_member_permissions"] == "0" and not held & permissions.BITS["administrator"]
        if not usable or hidden:
            raise CannotDo(f"{user.name} may not use {command['name']!r} here")

    def context(self, channel: Channel) -> int:
        """Where an interaction in `channel` takes place."""
        if channel.guild is not None:
            return IN_GUILD
        return IN_BOT_DM if channel.type == DM and self.bot in channel.recipients else IN_PRIVATE

    def _owners(self, user: User, channel: Channel, types: Sequence[int]) -> Payload:
        """Who installed what is used here."""
        owners: Payload = {}
        guild = channel.guild
        if TO_GUILD in types and guild is not None and self.bot.id in guild.members:
            owners["0"] = str(guild.id)
        if TO_GUILD in types and self.context(channel) == IN_BOT_DM:
            owners["0"] = "0"
        if TO_USER in types and user.installed:
            owners["1"] = str(user.id)
        return owners

    def _command_data(self, command: Payload) -> Payload:
        return payloads.compact(command, "id", "name", "type", "guild_id")

    def _component(self, user: User, message: Message, name: str) -> Payload:
        if message.deleted or (message.ephemeral and message.seen_by is not user):
            raise CannotDo(f"{user.name} does not see this message")
        for node in rules.walk(message.components):
            if name in {node.get("custom_id"), node.get("label")}:
                if node.get("disabled"):
                    raise CannotDo(f"{name!r} is disabled")
                return node
        raise CannotDo(f"there is no {name!r}")

    def _use(self, user: User, message: Message, found: Payload, more: Payload) -> Interaction:
        data = {"component_type": found["type"], "custom_id": found["custom_id"], "id": found["id"]} | more
        return self._interact(user, message.channel, COMPONENT, data, message=message)

    def _interact(
        self,
        user: User,
        channel: Channel,
        type: int,
        data: Payload,
        *,
        command: Payload | None = None,
        message: Message | None = None,
        trigger: Interaction | None = None,
    ) -> Interaction:
        """Make the interaction and tell it to the application."""
        types = command["integration_types"] if command else [TO_GUILD, TO_USER]
        owners = self._owners(user, channel, types)
        if message is not None and message.interaction is not None:
            owners = message.interaction["authorizing_integration_owners"]
        found = Interaction(
            id=self.ids.new(),
            token=secrets.token_urlsafe(48),
            type=type,
            user=user,
            channel=channel,
            at=self.clock.time(),
            payload={},
            installed_in_guild="0" in owners,
            message=message,
            trigger=trigger,
        )
        found.payload = self._payload(found, data, owners)
        self.interactions[found.id] = found
        self.interact_again(found)
        return found

    def interact_again(self, found: Interaction) -> None:
        """Tell an interaction, as for the first time or as after RESUME (see `tell_again`)."""
        guild = found.channel.guild
        self.gateway.dispatch("INTERACTION_CREATE", found.payload, guild_id=guild.id if guild else None)

    def _payload(self, found: Interaction, data: Payload, owners: Payload) -> Payload:
        channel, user, guild = found.channel, found.user, found.channel.guild
        in_guild = guild is not None and self.bot.id in guild.members
        held = permissions.permissions(self.bot, channel) if in_guild or guild is None else permissions.EVERYONE
        body: Payload = {
            "id": str(found.id),
            "application_id": str(self.bot.id),
            "type": found.type,
            "data": data,
            "channel_id": str(channel.id),
            "channel": payloads.channel(channel),
            "token": found.token,
            "version": 1,
            "app_permissions": str(held),
            "locale": user.locale,
            "entitlements": [],
            "authorizing_integration_owners": owners,
            "context": self.context(channel),
            "attachment_size_limit": _ATTACHMENT_LIMIT,
        }
        if found.message is not None:
            body["message"] = self.message_payload(found.message)
        if guild is None:
            return body | {"user": payloads.user(user)}
        may_do = str(permissions.permissions(user, channel))
        body["channel"]["permissions"] = may_do
        body["member"] = payloads.member(guild.members[user.id]) | {"permissions": may_do}
        body["guild_id"] = str(guild.id)
        body["guild"] = {"id": str(guild.id), "locale": guild.locale, "features": []}
        body["guild_locale"] = guild.locale
        return body
