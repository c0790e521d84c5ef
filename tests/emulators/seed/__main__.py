"""The emulator's command: `python -m tests.emulators.seed --port 0`."""

from __future__ import annotations

import argparse
from inspect import getdoc

from tests.emulators.command_line import option_parser, run_emulator
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


def main() -> None:
    """Read the command line and serve."""
    run_emulator(make_parser(), Options, running_seed, fault=Fault, named="kind", address=lambda emulator: emulator.url)


if __name__ == "__main__":
    main()
