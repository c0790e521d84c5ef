"""The emulator's command: `python -m tests.emulators.slack --port 0`."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from inspect import getdoc

from tests.emulators.command_line import option_parser, read_faults, until_told_to_end
from tests.emulators.slack.faults import Fault
from tests.emulators.slack.options import Options
from tests.emulators.slack.server import running_slack


def make_parser() -> argparse.ArgumentParser:
    """The command line: an option for each field of `Options`, and the faults."""
    parser = option_parser("python -m tests.emulators.slack", __doc__, Options, getdoc(Options) or "")
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="METHOD[,NAME=VALUE...]",
        help="as in chat.startStream,error=feature_not_enabled,times=2 (the fields of faults.Fault)",
    )
    return parser


async def serve(options: Options, faults: Sequence[Fault], port: int) -> None:
    """Serve until the process is asked to end."""
    async with running_slack(options, port=port) as slack:
        for fault in faults:
            slack.faults.add(fault)
        print(slack.api_url, flush=True)
        await until_told_to_end()


def main() -> None:
    """Read the command line and serve."""
    parser = make_parser()
    given = vars(parser.parse_args())
    port = given.pop("port")
    faults = read_faults(parser, given.pop("fault"), Fault, "method")
    asyncio.run(serve(Options(**given), faults, port))


if __name__ == "__main__":
    main()
