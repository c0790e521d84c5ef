"""The commands that describe Seedling to the platforms: `seedling manifest`."""

from __future__ import annotations

import argparse
from typing import Any

from bot.errors import InvalidInput
from bot.standard_streams import note, say_json

Commands = Any  # argparse has no public name for what `add_subparsers` gives


def add_slack_commands(commands: Commands) -> None:
    """Add `manifest slack` to the command line."""
    command = commands.add_parser("manifest", help="print what a platform needs to know of the app")
    kinds = command.add_subparsers(title="platforms", metavar="PLATFORM", required=True)
    kind = kinds.add_parser("slack", help="Slack's app manifest, as JSON; reasons for its scopes on standard error")
    kind.add_argument("--url", default="", metavar="URL", help="public address for events over HTTP, not Socket Mode")
    kind.add_argument("--installs", action="store_true", help="for many workspaces, which install the app at --url")
    kind.set_defaults(command=_slack)


def _slack(options: argparse.Namespace) -> int:
    from adapters.slack.manifest import EVENTS, SCOPES, manifest  # noqa: PLC0415 - its SDK is loaded only for this

    url = options.url.rstrip("/")
    if url and not url.startswith("https://"):
        raise InvalidInput("Slack takes addresses that begin with https:// alone.")
    if options.installs and not url:
        raise InvalidInput("--installs needs --url: workspaces install the app at that address.")
    say_json(manifest(url=url, installs=options.installs), indent=2)
    for title, reasons in (("Scopes:", SCOPES), ("Events:", EVENTS)):
        lines = (f"  {name:22} {reason}" for name, reason in reasons.items())
        note("\n".join((title, *lines)))
    return 0
