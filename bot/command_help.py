"""What all commands of the command line share: how one is added with its examples, and how quiet it is."""

from __future__ import annotations

import argparse
import logging

from bot.ports import Commands


def add_command(
    commands: Commands, name: str, summary: str, *examples: str, description: str = ""
) -> argparse.ArgumentParser:
    """Return a new command with its help, at the end of which its examples stand."""
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=description or f"{summary[:1].upper()}{summary[1:]}.",
        epilog="\n  ".join(("examples:" if len(examples) > 1 else "example:", *examples)),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return command


def log_only_failures(options: argparse.Namespace) -> None:
    """Keep the log out of what a command prints, unless it is asked for."""
    for package in ("bot", "adapters", "storage"):
        logging.getLogger(package).setLevel(logging.DEBUG if options.verbose else logging.ERROR)
