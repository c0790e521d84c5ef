"""Register the slash commands at Discord when they have changed, and handle them."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import replace
from typing import Any, Final

import discord
from discord import app_commands

from adapters.discord.api.directory import PLATFORM
from adapters.discord.api.messages import attachment_of
from adapters.discord.connection.gateway_payloads import attachment_payload
from adapters.discord.context import DiscordContext
from adapters.discord.events.command_forms import CommandForm, command_forms
from adapters.discord.events.command_options import choices, signature
from adapters.discord.events.context_menus import keep_message, message_menus
from adapters.discord.events.requests import NOT_OURS, Interaction, asked, deferred, incoming_of, refused, tell_failure
from adapters.discord.events.settings_panel import PanelHandler
from adapters.discord.events.translations import Translations
from bot.errors import BotError, InvalidInput
from bot.event_errors import EventErrors
from bot.ports import Bot

logger = logging.getLogger(__name__)

HASH: Final = "commands"
"""The name of the state that tells which commands Discord has."""

UNREADABLE: Final = "INTERACTION_CREATE"
"""The event that brings commands."""

Command = app_commands.Command[Any, ..., Any]


class CommandTree(app_commands.CommandTree[Any]):
    """Commands that work in servers, direct messages and wherever somebody has installed the app for themselves."""

    def __init__(self, client: discord.Client, errors: EventErrors) -> None:
        super().__init__(
            client,
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
        )
        self._errors = errors

    async def _call(self, interaction: Interaction) -> None:
        """Run a command; one that the library cannot read is skipped, where the task would end without a word."""
        try:
            keep_message(interaction)
            await super()._call(interaction)
        except (app_commands.AppCommandError, discord.HTTPException, BotError):
            raise
        except Exception as error:  # noqa: BLE001 - told by its kind; the next command is taken
            self._errors.note(UNREADABLE, error)

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        """Tell who typed it that it failed, and log why without what people wrote."""
        cause = getattr(error, "original", error)
        name = interaction.command.name if interaction.command is not None else ""
        if isinstance(cause, discord.HTTPException) and cause.code in NOT_OURS:
            logger.info("interaction already answered or expired", extra={"command": name, "code": cause.code})
            return
        if isinstance(cause, BotError | discord.HTTPException):
            logger.warning("command failed", extra={"command": name, "error": type(cause).__name__})
        else:
            self._errors.note(f"/{name}", cause)
        await tell_failure(interaction, cause)


class CommandForms:
    """All commands of one connection."""

    def __init__(self, client: discord.Client, bot: Bot, context: DiscordContext) -> None:
        self._bot = bot
        self._context = context
        self._client = client
        self.tree = CommandTree(client, context.errors)
        for form in command_forms().values():
            self.tree.add_command(self._command(form))
        panel = PanelHandler(bot, context)
        panel.join(client)
        self.tree.add_command(panel.command())
        for menu in message_menus(bot, context):
            self.tree.add_command(menu)

    async def join(self) -> None:
        """Write the commands to Discord if it has others. Raises `StorageError`."""
        await self.tree.set_translator(Translations())
        id = self._client.application_id
        if id is None:
            raise app_commands.MissingApplicationID
        commands = await _written(self.tree)
        now = hashlib.sha256((json.dumps(commands, sort_keys=True) + str(id)).encode()).hexdigest()
        if await self._context.store.get_state(PLATFORM, HASH) == now:
            return
        await self._client.http.bulk_upsert_global_commands(id, payload=commands)
        await self._context.store.put_state(PLATFORM, HASH, now)
        logger.info("commands registered", extra={"commands": len(commands)})

    def _command(self, form: CommandForm) -> Command:
        async def run(interaction: Interaction, **values: Any) -> None:
            private = bool(values.get("private", form.command.private))
            file = values.pop("file", None)
            files = [attachment_of(attachment_payload(file))] if file is not None else []
            incoming = incoming_of(interaction, form.text(values), private=private, files=files)
            refusal = ""
            try:
                incoming = replace(incoming, overrides=form.overrides(values))
            except InvalidInput as error:
                refusal = str(error)
            answered = await deferred(self._bot, interaction, incoming)
            if answered is None:
                return
            if refusal:
                await refused(self._bot, self._context, answered, refusal)
            else:
                await asked(self._bot, self._context, answered)

        run.__signature__ = signature(  # type: ignore[attr-defined]  # what `inspect` and discord.py read
            {name: (item.annotation, item.required) for name, item in form.options.items()}
        )
        described = app_commands.describe(**{name: item.help for name, item in form.options.items()})(run)
        command: Command = app_commands.Command(name=form.command.name, description=form.help, callback=described)
        for name, option in form.options.items():
            if option.suggest is not None:
                command.autocomplete(name)(_completing(option.suggest))
        return command


def _completing(suggest: Any) -> Any:
    async def complete(interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        return choices(suggest(current, {name: value for name, value in interaction.namespace}))  # noqa: C416 - no mapping

    return complete


_translated: Final[list[Any]] = []
"""The commands as they are written to Discord: the same in every connection of a process."""


async def _written(tree: app_commands.CommandTree[Any]) -> list[Any]:
    """Return them, translated once: each of their texts is looked up for each of Discord's languages."""
    if not _translated:
        _translated.extend(await payload(tree))
    return _translated


async def payload(tree: app_commands.CommandTree[Any]) -> list[Any]:
    """Return the commands as they are written to Discord, with their translations."""
    translator = tree.translator
    commands = tree.get_commands()
    if translator is None:
        return [command.to_dict(tree) for command in commands]
    return [await command.get_translated_payload(tree, translator) for command in commands]
