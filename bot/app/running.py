"""The processes that stay: `seedling run` for everything in one; `web`, `slack`, `discord` and `worker` apart."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from adapters.web import Playground, PlaygroundOptions
from bot.app.core import Core, Role, open_core, utc_now
from bot.app.joining import Joined, need
from bot.app.models import open_checked_model
from bot.app.platforms import EVERY_PLATFORM, Wanted, open_chat_platforms
from bot.app.supervisor import Supervisor
from bot.app.upkeep import keep_retention
from bot.commands.completion import complete
from bot.errors import ConfigError
from bot.ports import Platform, Store
from bot.private_files import kept_secret
from bot.settings import Settings
from storage import SqlStore, has_queue

SECRET_FILE = Path("var") / "secret_key"
"""What signs sessions while SECRET_KEY is not set: made once, so that people stay who they are over a restart."""

LOCAL_NOTICE = (
    "A small local model ({model}) answers here: it shows how Seedling works, not how well Seed 2.0 Lite answers. "
    "Set SEED_API_KEY to talk to Seed."
)


async def run(settings: Settings, announce: Callable[[str], None]) -> None:
    """Everything in one process, until SIGINT or SIGTERM."""
    await _serve(settings, announce, Role.RUNS, Process(playground=True, slack=True, discord=True))


async def serve_web(settings: Settings, announce: Callable[[str], None]) -> None:
    """The playground without running turns, which workers do. Raises `ConfigError` without a queue."""
    _need_queue(settings, "web")
    await _serve(settings, announce, Role.ACCEPTS, Process(playground=True))


async def serve_slack(settings: Settings, announce: Callable[[str], None]) -> None:
    """Listen to Slack; workers answer. Raises `ConfigError` without a queue or without Slack's settings."""
    _need_queue(settings, "slack")
    if not settings.joins_slack:
        need(settings, ("slack_bot_token",), "slack")
    await _serve(settings, announce, Role.ACCEPTS, Process(slack=True))


async def serve_discord(settings: Settings, announce: Callable[[str], None]) -> None:
    """Listen to Discord's gateway; workers answer. Raises `ConfigError` without a queue or without a token."""
    _need_queue(settings, "discord")
    need(settings, ("discord_token",), "discord")
    await _serve(settings, announce, Role.ACCEPTS, Process(discord=True))


async def work(settings: Settings, announce: Callable[[str], None]) -> None:
    """Run turns that other processes accept. Raises `ConfigError` without a queue."""
    _need_queue(settings, "worker")
    await _serve(settings, announce, Role.RUNS, Process())


def _need_queue(settings: Settings, command: str) -> None:
    if not has_queue(settings.database_url):
        fix = f"must name a PostgreSQL server for `seedling {command}`; on SQLite `seedling run` does everything"
        raise ConfigError("DATABASE_URL", fix)


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What a process listens to; none of it for a worker."""

    playground: bool = False
    slack: bool = False
    discord: bool = False

    def wanted(self, role: Role) -> Wanted:
        """The chat platforms to open: all of them where turns are run, since whoever runs a turn answers it."""
        return EVERY_PLATFORM if role is Role.RUNS else Wanted(slack=self.slack, discord=self.discord)


async def _serve(settings: Settings, announce: Callable[[str], None], role: Role, process: Process) -> None:
    """Serve until told to stop: accept nothing more, let running answers finish, hand the rest back."""
    stopping = _stop_signal()
    if settings.uses_local_model:
        announce("Starting the small local model, which takes a few seconds ...")
    playgrounds: list[Playground] = []
    joined: dict[str, Joined] = {}

    @asynccontextmanager
    async def platforms(store: Store, model_name: str) -> AsyncIterator[Mapping[str, Platform]]:
        playground = Playground(store, options=_playground_options(settings, model_name), clock=utc_now)
        playgrounds.append(playground)
        wanted = process.wanted(role)
        async with open_chat_platforms(settings, store, clock=utc_now, wanted=wanted) as opened:
            joined.update(opened)
            yield {playground.name: playground, **opened}

    async with open_core(
        settings, platforms, grace=settings.stop_grace_seconds, role=role, model_of=open_checked_model
    ) as core:
        chats = [each for each in joined.values() if getattr(process, each.name)]
        supervisor = Supervisor(announce)
        tasks = _listening(supervisor, core, chats, playgrounds[0] if process.playground else None)
        tasks.extend(_background(supervisor, settings, core, playgrounds[0], process))
        tasks.append(asyncio.create_task(_wait_for(stopping), name="stop signal"))
        telling = [asyncio.create_task(_tell_when_heard(supervisor, each, announce)) for each in chats]
        if process.playground:
            telling.append(asyncio.create_task(_tell_when_served(supervisor, playgrounds[0], settings, announce)))
        else:
            announce("This process is ready.")
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (*tasks, *telling):
                task.cancel()
            await asyncio.gather(*tasks, *telling, return_exceptions=True)


def _listening(
    supervisor: Supervisor, core: Core, chats: Sequence[Joined], playground: Playground | None
) -> list[asyncio.Task[None]]:
    """Listen everywhere that this process listens."""
    platforms: list[Joined | Playground] = [*chats, *([playground] if playground is not None else [])]
    alone = len(platforms) == 1
    return [
        asyncio.create_task(
            supervisor.keep(title(each), partial(each.run, core.inbox), alone=alone), name=f"{each.name} platform"
        )
        for each in platforms
    ]


def _background(
    supervisor: Supervisor, settings: Settings, core: Core, playground: Playground, process: Process
) -> list[asyncio.Task[None]]:
    """What goes on beside the listening."""
    parts: dict[str, Callable[[], Awaitable[None]]] = {}
    if process.playground and has_queue(settings.database_url):
        parts["Following other processes"] = partial(_follow, settings, core.store, playground)
    if process.playground:
        parts["Retention"] = partial(keep_retention, core.store, settings.retention_days)
    return [asyncio.create_task(supervisor.keep(name, run), name=name) for name, run in parts.items()]


async def _follow(settings: Settings, store: SqlStore, playground: Playground) -> None:
    """Show what other processes store, the answers of workers above all."""
    from storage.notifications import follow_messages  # noqa: PLC0415 - the embedded mode starts without psycopg

    await follow_messages(settings.database_url, store, playground.show_elsewhere)


def _stop_signal() -> asyncio.Event:
    """Set by SIGINT or SIGTERM."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _stop_once, stopping)
    return stopping


async def _tell_when_served(
    supervisor: Supervisor, playground: Playground, settings: Settings, announce: Callable[[str], None]
) -> None:
    address = await playground.address()
    supervisor.ready(title(playground))
    announce(f"Seedling is ready: {address.url}")
    announce(f"To be its administrator, open this within {address.minutes} minutes; it works once:")
    announce(f"  {address.administrator}")
    if settings.uses_local_model:
        announce("A small local model answers. Set SEED_API_KEY to talk to Seed 2.0 Lite.")


async def _tell_when_heard(supervisor: Supervisor, platform: Joined, announce: Callable[[str], None]) -> None:
    await platform.heard()
    supervisor.ready(title(platform))
    announce(f"Listening to {title(platform)}.")


def title(platform: Platform) -> str:
    """Return the name of a platform as people write it."""
    return "The playground" if isinstance(platform, Playground) else platform.name.capitalize()


async def _wait_for(event: asyncio.Event) -> None:
    await event.wait()


def _stop_once(stopping: asyncio.Event) -> None:
    """A first signal stops in order; a second one ends the process as signals do."""
    stopping.set()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.remove_signal_handler(number)


def _playground_options(settings: Settings, model_name: str) -> PlaygroundOptions:
    password, secret = settings.console_password, settings.secret_key
    return PlaygroundOptions(
        host=settings.host,
        port=settings.port,
        password=password.get_secret_value() if password else None,
        secret=secret.get_secret_value() if secret else kept_secret(SECRET_FILE),
        model_name=model_name,
        notice=LOCAL_NOTICE.format(model=model_name) if settings.uses_local_model else "",
        complete=complete,
    )
