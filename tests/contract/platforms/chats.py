"""The platforms on which the rows of data/cases/policy.json are played.

To join, a platform gives an async context manager that yields a `Chat`, and adds it to `CHATS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

from tests.contract.platforms.chat import Chat
from tests.contract.platforms.discord_chat import discord
from tests.contract.platforms.pigeon_chat import pigeon
from tests.contract.platforms.playground_chat import playground
from tests.contract.platforms.slack_chat import slack

CHATS: Mapping[str, Callable[[], AbstractAsyncContextManager[Chat]]] = {
    "playground": playground,
    "slack": slack,
    "discord": discord,
    "pigeon": pigeon,
}
