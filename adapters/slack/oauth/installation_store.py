"""Store installations: bots and their tokens, encrypted, in the bot's own database.

Only bots are kept: the app asks for no right of a person, and a person's token that comes along is dropped.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from logging import Logger
from typing import Any, Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.installation_store.models.bot import Bot
from slack_sdk.oauth.installation_store.models.installation import Installation

from adapters.slack.settings import PLATFORM
from bot.ports import AdapterStateStore

logger = logging.getLogger(__name__)

UNREADABLE: Final = "a stored installation cannot be read: start once with the old SECRET_KEY as SECRET_KEY_BEFORE"
_PREFIX: Final = "installation/"
_PURPOSE: Final = b"seedling: tokens of Slack installations"
_FIELDS: Final = (
    "app_id", "enterprise_id", "enterprise_name", "team_id", "team_name", "bot_token", "bot_id", "bot_user_id",
    "bot_scopes", "bot_refresh_token", "bot_token_expires_at", "is_enterprise_install", "installed_at",
)  # fmt: skip


def cipher_of(secret: str, *before: str) -> MultiFernet:
    """Return the cipher that follows from the operator's secret; it also reads what those before have encrypted."""
    return MultiFernet([_cipher(item) for item in (secret, *before)])


def _cipher(secret: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A bot and the exact text that it is stored as, to replace no other one."""

    name: str
    text: str
    bot: Bot


class Installations(AsyncInstallationStore):
    """An installation store of Slack's SDK over `AdapterStateStore`. Any method can raise `StorageError`.

    `renews` says that there is a secret before the present one, with which tokens may be encrypted.
    """

    def __init__(self, state: AdapterStateStore, cipher: MultiFernet, *, renews: bool = False) -> None:
        self._state = state
        self._cipher = cipher
        self._renews = renews

    @property
    def logger(self) -> Logger:
        """Return where the SDK may log."""
        return logger

    async def async_save(self, installation: Installation) -> None:
        """Keep the bot of an installation."""
        await self.async_save_bot(installation.to_bot())

    async def async_save_bot(self, bot: Bot) -> None:
        """Keep a bot in place of the one before."""
        await self._state.put_state(PLATFORM, name_of(bot.enterprise_id, _team_of(bot)), self._write(bot))

    async def async_find_bot(
        self, *, enterprise_id: str | None, team_id: str | None, is_enterprise_install: bool | None = False
    ) -> Bot | None:
        """Return the bot of a workspace, or of its whole organisation; None where the app is not installed."""
        stored = await self.find(enterprise_id, None if is_enterprise_install else team_id)
        return None if stored is None else stored.bot

    async def async_find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        """None: tokens of persons are not kept."""
        del enterprise_id, team_id, user_id, is_enterprise_install
        return None

    async def async_delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        """Forget a bot and its token."""
        while (stored := await self.find(enterprise_id, team_id)) is not None:
            await self._state.swap_state(PLATFORM, stored.name, before=stored.text, after=None)

    async def async_delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        """Nothing is kept of persons."""
        del enterprise_id, team_id, user_id

    async def find(self, enterprise: str | None, team: str | None) -> Stored | None:
        """Return the bot of a workspace, else of its organisation, as it is stored."""
        for name in dict.fromkeys((name_of(enterprise, team), name_of(enterprise, ""))):
            text = await self._state.get_state(PLATFORM, name)
            bot = self._read(text) if text is not None else None
            if text is not None and bot is not None:
                return Stored(name=name, text=text, bot=bot)
        return None

    async def replace(self, stored: Stored, bot: Bot) -> bool:
        """Keep a bot in place of `stored`, unless that was replaced meanwhile; whether it was done."""
        return await self._state.swap_state(PLATFORM, stored.name, before=stored.text, after=self._write(bot))

    async def _encrypt_anew(self) -> None:
        """Encrypt all tokens with the present secret, so that the one before is not needed any more."""
        for name, text in (await self._state.list_state(PLATFORM, prefix=_PREFIX)).items():
            if self._read(text) is not None:
                renewed = self._cipher.rotate(text.encode()).decode()
                await self._state.swap_state(PLATFORM, name, before=text, after=renewed)
        self._renews = False
        logger.info("all stored installations are encrypted with SECRET_KEY: SECRET_KEY_BEFORE can go")

    async def everywhere(self) -> list[Bot]:
        """Return all bots; the first time, their tokens are encrypted with the present secret."""
        if self._renews:
            await self._encrypt_anew()
        texts: Mapping[str, str] = await self._state.list_state(PLATFORM, prefix=_PREFIX)
        return [bot for text in texts.values() if (bot := self._read(text)) is not None]

    def _write(self, bot: Bot) -> str:
        return self._cipher.encrypt(json.dumps(facts_of(bot)).encode()).decode()

    def _read(self, text: str) -> Bot | None:
        try:
            told = json.loads(self._cipher.decrypt(text.encode()))
        except (InvalidToken, ValueError):
            logger.error(UNREADABLE)  # noqa: TRY400 - the trace tells nothing
            return None
        return Bot(**{name: value for name, value in told.items() if name in _FIELDS})


def facts_of(bot: Bot) -> dict[str, Any]:
    """Return what is kept of a bot, as `Bot` takes it."""
    return {name: getattr(bot, name) for name in _FIELDS} | {"bot_scopes": list(bot.bot_scopes)}


def name_of(enterprise: str | None, team: str | None) -> str:
    """Under which name a bot is kept: that of its workspace, or of the organisation that it is installed in whole."""
    return _PREFIX + (team or enterprise or "-")


def _team_of(bot: Bot) -> str:
    return "" if bot.is_enterprise_install else bot.team_id or ""
