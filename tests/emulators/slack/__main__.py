"""The emulator's command: `python -m tests.emulators.slack --port 0`."""

from __future__ import annotations

import argparse
from inspect import getdoc

from tests.emulators.command_line import option_parser, run_emulator
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


def main() -> None:
    """Read the command line and serve."""
    run_emulator(
        make_parser(), Options, running_slack, fault=Fault, named="method", address=lambda emulator: emulator.api_url
    )


if __name__ == "__main__":
    main()
