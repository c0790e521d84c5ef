"""The emulator's command: `python -m tests.emulators.seed --port 0`."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from inspect import getdoc

from tests.emulators.command_line import option_parser, read_faults, until_told_to_end
from tests.emulators.seed.faults import KINDS, Fault
from tests.emulators.seed.options import Options
from tests.emulators.seed.server import running_seed


def make_parser() -> argparse.ArgumentParser:
    """The command line: an option for each field of `Options`, and the faults."""
    kinds = "\n".join(f"  {kind:20} {words}" for kind, (_, words) in KINDS.items())
    epilog = f"{getdoc(Options)}\n\nfaults:\n{kinds}"
    parser = option_parser("python -m tests.emulators.seed", __doc__, Options, epilog)
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="KIND[,NAME=VALUE...]",
        help="as in http_429,times=2,retry_after=1",
    )
    return parser


async def serve(options: Options, faults: Sequence[Fault], port: int) -> None:
    """Serve until the process is asked to end."""
    async with running_seed(options, port=port) as emulator:
        for fault in faults:
            emulator.faults.add(fault)
        print(emulator.url, flush=True)
        await until_told_to_end()


def main() -> None:
    """Read the command line and serve."""
    parser = make_parser()
    given = vars(parser.parse_args())
    port = given.pop("port")
    faults = read_faults(parser, given.pop("fault"), Fault, "kind")
    asyncio.run(serve(Options(**given), faults, port))


if __name__ == "__main__":
    main()
