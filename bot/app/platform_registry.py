"""List the chat platforms, one line each; no other module names one.

A platform is a module with a `SPEC`, a `bot.ports.PlatformSpec`; CONTRIBUTING.md has the recipe. They are imported by
name, so that no SDK is loaded before its platform is joined.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from bot.checks import Check
from bot.errors import ConfigError
from bot.ports import Clock, Joining, ListeningPlatform, PlatformSpec, Store
from bot.settings import PlatformSettings, Settings, load_platform_settings

PLATFORMS: Final = (
    "adapters.slack.spec",
    "adapters.discord.spec",
)

EXPORTS: Final = "adapters.slack.export"
"""The module that brings what a platform exported into the playground; it loads the platform's SDK."""


def load_specs(modules: Iterable[str] = PLATFORMS) -> Sequence[PlatformSpec[Any]]:
    """Return what is known of every platform, in the order in which people read them."""
    return tuple(import_module(name).SPEC for name in modules)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredPlatform:
    """A platform and what an operator has set for it, which may be nothing."""

    spec: PlatformSpec[Any]
    settings: PlatformSettings

    async def check(self, core: Settings, *, seconds: float) -> AsyncIterator[Check]:
        """One row for each thing that can be wrong, or one that tells how to join."""
        if not self.settings.is_begun:
            yield Check(name=self.spec.title, ok=None, detail=f"not set up; {self.spec.guide} says how")
            return
        async for check in self.spec.check(self.settings, core, seconds):
            yield check


def try_out(
    platforms: Iterable[ConfiguredPlatform], core: Settings, place: str, *, seconds: float
) -> AsyncIterator[Check]:
    """Try what answers need in a channel, named as PLATFORM/CHANNEL. Raises `ConfigError` for one that there is not."""
    name, _, channel = place.partition("/")
    for platform in platforms:
        if platform.spec.name == name and channel and platform.spec.try_out is not None and platform.settings.is_begun:
            return platform.spec.try_out(platform.settings, core, channel, seconds)
    raise ConfigError("--live", "takes PLATFORM/CHANNEL of a platform that is set up, as in slack/C0123456789")


def configure(specs: Iterable[PlatformSpec[Any]]) -> Sequence[ConfiguredPlatform]:
    """Read what is set for each platform. Raises `ConfigError` for the first setting that is wrong."""
    return tuple(ConfiguredPlatform(spec=spec, settings=load_platform_settings(spec.settings)) for spec in specs)


@asynccontextmanager
async def open_platforms(
    platforms: Iterable[ConfiguredPlatform], core: Settings, store: Store, *, clock: Clock
) -> AsyncIterator[Mapping[str, ListeningPlatform]]:
    """Open these platforms, by name: each can answer, and listens once it is run. Raises `ConfigError`."""
    async with AsyncExitStack() as stack:
        opened: dict[str, ListeningPlatform] = {}
        for platform in platforms:
            joining = Joining(
                settings=platform.settings, core=core, store=store, clock=clock, searches=not core.uses_local_model
            )
            opened[platform.spec.name] = await stack.enter_async_context(platform.spec.open(joining))
        yield opened
