"""The emulator's command: `python -m tests.emulators.discord --port 0`."""

from __future__ import annotations

import argparse
import asyncio
from inspect import getdoc

from tests.emulators.command_line import option_parser, until_told_to_end
from tests.emulators.discord.options import Options
from tests.emulators.discord.server import running_discord


def make_parser() -> argparse.ArgumentParser:
    """The command line: an option for each field of `Options`."""
    return option_parser("python -m tests.emulators.discord", __doc__, Options, getdoc(Options) or "")


async def serve(options: Options, port: int) -> None:
    """Serve until the process is asked to end."""
    async with running_discord(options, port=port) as emulator:
        print(f"api {emulator.api_url}", flush=True)
        print(f"gateway {emulator.gateway_url}", flush=True)
        print(f"control {emulator.origin}/_control/state", flush=True)
        await until_told_to_end()


def main() -> None:
    """Read the command line and serve."""
    given = vars(make_parser().parse_args())
    port = given.pop("port")
    asyncio.run(serve(Options(**given), port))


if __name__ == "__main__":
    main()
