"""The emulator's command: `python -m tests.emulators.discord --port 0`."""

from __future__ import annotations

import argparse
import asyncio
import signal
from dataclasses import fields
from inspect import getdoc
from typing import Any, get_type_hints

from tests.emulators.discord.options import Options
from tests.emulators.discord.server import running_discord


def make_parser() -> argparse.ArgumentParser:
    """The command line: one option for each field of `Options`."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.emulators.discord",
        description=__doc__,
        epilog=getdoc(Options),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, help="0 is a free one (default)")
    hints = get_type_hints(Options)
    for field in fields(Options):
        hint = hints[field.name]
        how: dict[str, Any] = {"action": argparse.BooleanOptionalAction} if hint is bool else {"type": hint}
        parser.add_argument(f"--{field.name.replace('_', '-')}", default=field.default, **how)
    return parser


async def serve(options: Options, port: int) -> None:
    """Serve until the process is asked to end."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with running_discord(options, port=port) as emulator:
        print(f"api {emulator.api_url}", flush=True)
        print(f"gateway {emulator.gateway_url}", flush=True)
        print(f"control {emulator.origin}/_control/state", flush=True)
        await ended.wait()


def main() -> None:
    """Read the command line and serve."""
    given = vars(make_parser().parse_args())
    port = given.pop("port")
    asyncio.run(serve(Options(**given), port))


if __name__ == "__main__":
    main()
