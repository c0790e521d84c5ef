"""Add `seedling manifest slack` and `seedling import slack-export` to the command line."""

from __future__ import annotations

import argparse
import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.command_help import add_command
from bot.errors import InvalidInput
from bot.ports import Commands, OpenStore
from bot.settings import Settings, load_settings
from bot.standard_streams import note, say, say_json

if TYPE_CHECKING:
    from adapters.slack.export import ImportReport

BAR_WIDTH = 30


def add_commands(commands: Commands, open_store: OpenStore) -> None:
    """Add them to the command line."""
    command = add_command(
        commands, "manifest", "print what a platform needs to know of the app", "seedling manifest slack"
    )
    kinds = command.add_subparsers(title="platforms", metavar="PLATFORM", required=True)
    kind = add_command(
        kinds,
        "slack",
        "Slack's app manifest, as JSON; reasons for its scopes on standard error",
        "seedling manifest slack",
        "seedling manifest slack --url https://bot.example.org",
    )
    kind.add_argument("--url", default="", metavar="URL", help="public address for events over HTTP, not Socket Mode")
    kind.add_argument("--installs", action="store_true", help="for many workspaces, which install the app at --url")
    kind.set_defaults(command=_print_manifest)

    command = add_command(
        commands, "import", "bring history into the playground", "seedling import slack-export export.zip"
    )
    kinds = command.add_subparsers(title="kinds", metavar="KIND", required=True)
    kind = add_command(
        kinds, "slack-export", "a Slack workspace export (ZIP)", "seedling import slack-export export.zip"
    )
    kind.add_argument("file", type=Path, help="the ZIP file that Slack's export page gave")
    kind.set_defaults(command=partial(_import, open_store))


def _print_manifest(options: argparse.Namespace) -> int:
    from adapters.slack.manifest import EVENTS, SCOPES, manifest  # noqa: PLC0415 - its SDK is loaded only for this

    url = options.url.rstrip("/")
    if url and not url.startswith("https://"):
        raise InvalidInput("Slack accepts only addresses that begin with https://.")
    if options.installs and not url:
        raise InvalidInput("--installs needs --url: workspaces install the app at that address.")
    say_json(manifest(url=url, installs=options.installs), indent=2)
    for title, reasons in (("Scopes:", SCOPES), ("Events:", EVENTS)):
        lines = (f"  {name:22} {reason}" for name, reason in reasons.items())
        note("\n".join((title, *lines)))
    return 0


def _import(open_store: OpenStore, options: argparse.Namespace) -> int:
    report = asyncio.run(_import_export(open_store, load_settings(), options.file))
    say(f"\n{report}")
    return 0


async def _import_export(open_store: OpenStore, settings: Settings, path: Path) -> ImportReport:
    from adapters.slack.export import import_export  # noqa: PLC0415 - loaded only for this

    async with open_store(settings) as store:
        return await import_export(path, store, progress=_show_progress)


def _show_progress(done: int, total: int) -> None:
    filled = BAR_WIDTH * done // max(total, 1)
    note(f"\r[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {done:,} of {total:,} messages", end="")
