"""Run the processes that stay: `seedling run` for everything in one; `web`, each platform and `worker` apart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from adapters.media.media_limits import FILE_BYTES
from adapters.web.console import console_part
from adapters.web.frame import FrameOptions
from adapters.web.playground.platform import Playground, PlaygroundOptions
from bot.app.core import Core, EngineRole, open_core
from bot.app.health import watched
from bot.app.installation import Installation
from bot.app.maintenance import keep_retention
from bot.app.models import open_checked_model
from bot.app.platform_registry import ConfiguredPlatform, open_platforms
from bot.app.process_end import ProcessEnd
from bot.app.spending_limits import set_up_budgets
from bot.app.supervisor import Supervisor
from bot.app.web import check_sign_in, frame_options
from bot.commands.completion import complete
from bot.errors import ConfigError
from bot.language import gettext_noop, quantity
from bot.ports import Clock, ListeningPlatform, Platform, Store
from bot.settings import Settings
from bot.turns.missed_changes import note_listening
from bot.types import RunnerKind
from storage import has_queue

PLAYGROUND_TITLE = "The playground"

LOCAL_NOTICE = gettext_noop(
    "A small local model ({model}) answers here: it shows how Seedling works, not how well Seed 2.0 Lite answers. "
    "Set SEED_API_KEY to use Seed."
)


async def run(settings: Settings, platforms: Sequence[ConfiguredPlatform], announce: Callable[[str], None]) -> None:
    """Everything in one process, until SIGINT or SIGTERM."""
    joined = _joined(platforms)
    kind = ProcessKind(
        role=EngineRole.RUNS, playground=True, answers=joined, listens=joined, keeps=joined, known=platforms
    )
    await _serve(settings, announce, kind)


async def serve_web(
    settings: Settings, platforms: Sequence[ConfiguredPlatform], announce: Callable[[str], None]
) -> None:
    """Serve the playground without running turns, which workers do. Raises `ConfigError` without a queue."""
    _need_queue(settings, "web")
    await _serve(
        settings,
        announce,
        ProcessKind(role=EngineRole.ACCEPTS, playground=True, keeps=_joined(platforms), known=platforms),
    )


async def listen(settings: Settings, platform: ConfiguredPlatform, announce: Callable[[str], None]) -> None:
    """Listen to one platform; workers answer. Raises `ConfigError` without a queue or where it is not joined."""
    _need_queue(settings, platform.spec.name)
    platform.settings.need_joined(platform.spec.name)
    await _serve(
        settings,
        announce,
        ProcessKind(role=EngineRole.ACCEPTS, answers=(platform,), listens=(platform,), known=(platform,)),
    )


async def work(settings: Settings, platforms: Sequence[ConfiguredPlatform], announce: Callable[[str], None]) -> None:
    """Run turns that other processes accept. Raises `ConfigError` without a queue."""
    _need_queue(settings, "worker")
    await _serve(settings, announce, ProcessKind(role=EngineRole.RUNS, answers=_joined(platforms), known=platforms))


def _joined(platforms: Sequence[ConfiguredPlatform]) -> Sequence[ConfiguredPlatform]:
    return tuple(platform for platform in platforms if platform.settings.is_joined)


def _need_queue(settings: Settings, command: str) -> None:
    if not has_queue(settings.database_url):
        fix = f"must name a PostgreSQL server for 'seedling {command}'; on SQLite 'seedling run' does everything"
        raise ConfigError("DATABASE_URL", fix)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessKind:
    """Kind of a process: its role, where it `answers` or shows what commands say, and what it `listens` to.

    `keeps` are the platforms whose terms it sees to: how long text may be kept. `known` are all that there are.
    """

    role: EngineRole
    playground: bool = False
    answers: Sequence[ConfiguredPlatform] = ()
    listens: Sequence[ConfiguredPlatform] = ()
    keeps: Sequence[ConfiguredPlatform] = ()
    known: Sequence[ConfiguredPlatform] = ()

    @property
    def name(self) -> str:
        """Return what such a process is called: as its command is."""
        if self.role is EngineRole.RUNS:
            return RunnerKind.RUN if self.playground else RunnerKind.WORKER
        return "web" if self.playground else self.listens[0].spec.name


async def _serve(settings: Settings, announce: Callable[[str], None], process: ProcessKind) -> None:
    """Serve until told to stop: accept nothing more, let running answers finish, hand the rest back."""
    web = frame_options(settings)
    if process.playground:
        await check_sign_in(settings, web)
    end, started = ProcessEnd(grace=settings.stop_grace_seconds), asyncio.Event()
    await end.unless_told(_open_and_serve(settings, announce, process, web, end=end, started=started), started)


async def _open_and_serve(
    settings: Settings,
    announce: Callable[[str], None],
    process: ProcessKind,
    web: FrameOptions,
    *,
    end: ProcessEnd,
    started: asyncio.Event,
) -> None:
    if settings.uses_local_model:
        announce("Starting the small local model, which takes a few seconds ...")
    playgrounds: list[Playground] = []
    chats: dict[str, ListeningPlatform] = {}  # by their titles

    @asynccontextmanager
    async def platforms(store: Store, model_name: str, clock: Clock) -> AsyncIterator[Mapping[str, Platform]]:
        playground = Playground(store, options=_playground_options(settings, web, model_name), clock=clock)
        playgrounds.append(playground)
        async with open_platforms(process.answers, settings, store, clock=clock) as opened:
            chats.update({item.spec.title: opened[item.spec.name] for item in process.listens})
            yield {playground.name: playground, **opened}

    async with open_core(
        settings, platforms, grace=settings.stop_grace_seconds, role=process.role, model_of=open_checked_model
    ) as core:
        started.set()
        if limits := await set_up_budgets(settings, core.store):
            announce(limits)
        supervisor = Supervisor(announce)
        installation = _installation(settings, core, process, supervisor)
        playgrounds[0].add(console_part(core.store, installation, core.clock))
        tasks = _listening(supervisor, core, chats, playgrounds[0] if process.playground else None)
        tasks.extend(_background(supervisor, settings, core, playgrounds[0], process))
        tasks.append(asyncio.create_task(end.told(), name="stop signal"))
        telling = [
            asyncio.create_task(_tell_when_ready(supervisor, title, item, announce)) for title, item in chats.items()
        ]
        if process.playground:
            telling.append(asyncio.create_task(_tell_when_served(supervisor, playgrounds[0], settings, announce)))
        else:
            announce("This process is ready.")
        try:
            async with watched(settings, core, installation, process.name):
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            for task in (*tasks, *telling):
                task.cancel()
            await asyncio.gather(*tasks, *telling, return_exceptions=True)


def _installation(settings: Settings, core: Core, process: ProcessKind, supervisor: Supervisor) -> Installation:
    return Installation(
        settings=settings,
        platforms=process.known,
        store=core.store,
        model=core.model,
        learned=core.rates,
        supervisor=supervisor,
        clock=core.clock,
        heard=[item.spec.title for item in process.listens],
    )


def _listening(
    supervisor: Supervisor, core: Core, chats: Mapping[str, ListeningPlatform], playground: Playground | None
) -> list[asyncio.Task[None]]:
    """Listen everywhere that this process listens."""
    platforms: dict[str, ListeningPlatform | Playground] = {**chats}
    if playground is not None:
        platforms[PLAYGROUND_TITLE] = playground
    alone = len(platforms) == 1
    return [
        asyncio.create_task(
            supervisor.keep(title, partial(_listen, item, core), alone=alone), name=f"{item.name} platform"
        )
        for title, item in platforms.items()
    ]


async def _listen(platform: ListeningPlatform | Playground, core: Core) -> None:
    """Listen until cancelled; whoever runs turns learns when that begins and ends."""
    await note_listening(core.store, platform.name)
    try:
        await platform.run(core.inbox)
    finally:
        await note_listening(core.store, platform.name)


def _background(
    supervisor: Supervisor, settings: Settings, core: Core, playground: Playground, process: ProcessKind
) -> list[asyncio.Task[None]]:
    """Return what goes on beside the listening."""
    parts: dict[str, Callable[[], Awaitable[None]]] = {}
    if process.playground and has_queue(settings.database_url):
        parts["Following other processes"] = partial(_follow, settings, playground)
    if process.playground:
        terms = {item.spec.name: item.settings.retention_days for item in process.keeps}
        given = {name: days for name, days in terms.items() if days is not None}
        retention = partial(keep_retention, core.store, settings.retention_days, given, clock=core.clock)
        parts["Retention"] = retention
    return [asyncio.create_task(supervisor.keep(name, run), name=name) for name, run in parts.items()]


async def _follow(settings: Settings, playground: Playground) -> None:
    """Show at once what other processes store, the answers of workers above all."""
    from storage.notifications import follow_playground  # noqa: PLC0415 - the embedded mode starts without psycopg

    await follow_playground(settings.database_url, playground.wake)


async def _tell_when_served(
    supervisor: Supervisor, playground: Playground, settings: Settings, announce: Callable[[str], None]
) -> None:
    address = await playground.address()
    supervisor.ready(PLAYGROUND_TITLE)
    announce(f"Seedling is ready: {address.url}")
    announce(
        f"To become its administrator, open this link within {quantity(address.minutes, 'minute')}; it works once:"
    )
    announce(f"  {address.administrator}")
    if settings.uses_local_model:
        announce("A small local model answers. Set SEED_API_KEY to use Seed 2.0 Lite.")


async def _tell_when_ready(
    supervisor: Supervisor, title: str, platform: ListeningPlatform, announce: Callable[[str], None]
) -> None:
    await platform.wait_ready()
    supervisor.ready(title)
    announce(f"Listening to {title}.")


def _playground_options(settings: Settings, web: FrameOptions, model_name: str) -> PlaygroundOptions:
    return PlaygroundOptions(
        frame=web,
        port=settings.port,
        model_name=model_name,
        notice=LOCAL_NOTICE if settings.uses_local_model else "",
        complete=complete,
        is_shared=has_queue(settings.database_url),
        file_bytes=FILE_BYTES,
        api_url=str(settings.model_url),
    )
