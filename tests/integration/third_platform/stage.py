"""The third platform in the contract suite of platforms."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from bot.app.platform_registry import ConfiguredPlatform, open_platforms
from bot.ports import Platform
from bot.settings import Settings
from storage.in_memory.store import MemoryStore
from tests.contract.platforms.stage import Stage
from tests.emulators.pigeon import SECRET, TOKEN, Pigeon, running_pigeon
from tests.fakes import incoming
from tests.third_platform.spec import SPEC, PigeonSettings


def now() -> datetime:
    return datetime.now(UTC)


def joined(pigeon: Pigeon, **changes: object) -> ConfiguredPlatform:
    """Pigeon as an operator has set it."""
    given = {"pigeon_token": TOKEN, "pigeon_secret": SECRET, "pigeon_port": 0, "pigeon_api_url": pigeon.url}
    return ConfiguredPlatform(spec=SPEC, settings=PigeonSettings.model_validate(given | changes))


@asynccontextmanager
async def pigeon() -> AsyncIterator[Stage]:
    """The emulated Pigeon."""
    async with running_pigeon() as server:
        store = MemoryStore(clock=now)
        question = server.ask("q")

        @asynccontextmanager
        async def process() -> AsyncIterator[Platform]:
            async with open_platforms([joined(server)], Settings(), store, clock=now) as opened:
                yield opened[SPEC.name]

        @asynccontextmanager
        async def seen() -> AsyncIterator[list[str]]:
            yield [answer.texts[-1] for answer in server.answers(question)]

        @contextmanager
        def told() -> Iterator[Callable[[], list[str]]]:
            yield lambda: [text for person, text in server.notes.values() if person == question.author]

        def delete_answers() -> None:
            for answer in server.answers(question):
                answer.deleted = True

        def close() -> Callable[[], None]:
            server.closed.add(question.room)
            return lambda: server.closed.discard(question.room)

        asked = incoming("q", sent_at=now(), is_top_level=True)
        key = replace(asked.key, platform=SPEC.name, workspace="f1", channel=question.room, thread=question.id)
        yield Stage(
            platform=process,
            question=replace(asked, key=key, author=replace(asked.author, id=question.author)),
            seen=seen,
            told=told,
            refuse_posts=lambda: server.closed.add(question.room),
            refuse_edits=lambda: server.refuse.add("PUT"),
            refuse_deletions=lambda: server.refuse.add("DELETE"),
            delete_answers=delete_answers,
            close=close,
        )
