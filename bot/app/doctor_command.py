"""Add `seedling doctor` to the command line."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from bot.app.platform_registry import ConfiguredPlatform, configure, try_out
from bot.checks import CHECK_SECONDS, Check
from bot.command_help import add_command, log_only_failures
from bot.exit_codes import EXIT_FAILED
from bot.ports import Commands
from bot.settings import Settings, load_settings
from bot.standard_streams import say


def add_doctor_command(commands: Commands, titles: Sequence[str]) -> None:
    """Add `seedling doctor`, which checks the platforms with these titles and the model."""
    command = add_command(
        commands,
        "doctor",
        f"check {_listed(*titles, 'the model')}: what works, and how to fix the rest",
        "seedling doctor --seconds 60",
    )
    command.add_argument(
        "--seconds",
        type=_seconds,
        default=CHECK_SECONDS,
        metavar="N",
        help="time limit of each check in seconds (default: %(default)g)",
    )
    command.add_argument(
        "--live",
        metavar="PLATFORM/CHANNEL",
        default="",
        help="post, edit, stream, upload and delete in a test channel, and tell what the platform made of it",
    )
    command.set_defaults(command=_doctor)


def _doctor(options: argparse.Namespace) -> int:
    log_only_failures(options)
    settings, platforms = load_settings(), configure(options.platforms)
    if options.live:
        say(f"Trying what answers need in {options.live}; look at it there, the last check takes it away:")
        checks = try_out(platforms, settings, options.live, seconds=options.seconds)
        return asyncio.run(_print_rows(checks))
    return asyncio.run(_print_checks(settings, platforms, options.seconds))


async def _print_checks(settings: Settings, platforms: Sequence[ConfiguredPlatform], seconds: float) -> int:
    from bot.app import operator_commands

    server = urlsplit(settings.model_url).netloc.rpartition("@")[2]
    remote = f"{settings.seed_model} at {server} ({settings.seed_wire} wire)"
    model = "the embedded model" if settings.uses_local_model else remote
    checked = _listed(*(platform.spec.title for platform in platforms), model)
    say(f"Checking {checked}; each check ends after {seconds:g} s:")
    return await _print_rows(operator_commands.check_all(settings, platforms, seconds=seconds))


async def _print_rows(checks: AsyncIterator[Check]) -> int:
    broken = False
    async for check in checks:
        broken |= check.ok is False
        mark = {True: "ok", False: "BROKEN", None: "-"}[check.ok]
        say(f"{mark:>6}  {check.name:<20} {check.detail}")
        if check.fix:
            say(f"{'':>6}  {'':<20} -> {check.fix}")
    return EXIT_FAILED if broken else 0


def _listed(*things: str) -> str:
    """Write things as people list them: "a, b and c"."""
    *before, last = things
    return f"{', '.join(before)} and {last}" if before else last


def _seconds(text: str) -> float:
    """Read a time limit. Raises `ArgumentTypeError`, which argparse tells."""
    with suppress(ValueError):
        if 0 < (seconds := float(text)) < float("inf"):
            return seconds
    raise argparse.ArgumentTypeError(f"{text[:20]!r} is no number of seconds above 0")
