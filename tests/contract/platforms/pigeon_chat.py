"""The third platform as people chat on it, over its emulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from bot.app.platform_registry import open_platforms
from bot.settings import Settings
from storage.in_memory.store import MemoryStore
from tests.contract.platforms.chat import PATIENCE_S, Chat, Said, end, now
from tests.emulators.pigeon import Pigeon, running_pigeon
from tests.integration.third_platform.stage import joined
from tests.third_platform.platform import MENTION as PIGEON_MENTION
from tests.third_platform.spec import SPEC


class PigeonChat(Chat):
    """A room of the emulated Pigeon: no direct messages, no files, no other bots."""

    name, workspace, channel, mention = SPEC.name, "f1", "garden", PIGEON_MENTION

    def __init__(self, pigeon: Pigeon, platform: Any, store: MemoryStore) -> None:
        super().__init__(platform, store)
        self.pigeon = pigeon

    async def say(
        self, text: str, *, by: str = "ada", below: Said | None = None, direct: bool = False, file: bytes = b""
    ) -> Said:
        assert not direct, "Pigeon has no direct messages"
        assert not file, "Pigeon has no files"
        thread = (below.native.thread or below.native.id) if below else ""
        message = self.pigeon.say(text, thread=thread, author=by)
        said = Said(id=message.id, native=message)
        await self.say_again(said)
        return said

    def call(self, person: str) -> str:
        return f"@{person}"

    async def say_again(self, said: Said) -> None:
        assert await self.pigeon.deliver(said.native) == 200

    async def edit(self, said: Said, text: str) -> None:
        said.native.texts.append(text)
        assert await self.pigeon.deliver(said.native, kind="edit", id=f"edit-{len(said.native.texts)}") == 200

    async def delete(self, said: Said) -> None:
        said.native.deleted = True
        assert await self.pigeon.deliver(said.native, kind="deletion", id=f"deletion-{said.id}") == 200

    async def answers(self, said: Said) -> Sequence[str]:
        return [answer.texts[-1] for answer in self.pigeon.answers(said.native)]

    def told(self) -> Sequence[str]:
        return [text for _, text in self.pigeon.notes.values()]


@asynccontextmanager
async def pigeon() -> AsyncIterator[PigeonChat]:
    """The emulated Pigeon, heard over its webhooks."""
    async with running_pigeon() as server:
        store = MemoryStore(clock=now)
        async with open_platforms([joined(server)], Settings(), store, clock=now) as opened:
            platform: Any = opened[SPEC.name]
            chat = PigeonChat(server, platform, store)
            runs = (chat.dispatcher.run([chat.name]), platform.run(chat.inbox))
            tasks = [asyncio.create_task(run) for run in runs]
            try:
                await asyncio.wait_for(platform.wait_ready(), PATIENCE_S)
                host, port = platform.address
                server.webhook = f"http://{host}:{port}/pigeon"
                yield chat
            finally:
                await end(chat, tasks)
