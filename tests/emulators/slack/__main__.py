"""The emulator's command: `python -m tests.emulators.slack --port 0`."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Sequence
from dataclasses import fields
from inspect import getdoc
from typing import Any, get_type_hints

from tests.emulators.slack.faults import Fault
from tests.emulators.slack.options import Options
from tests.emulators.slack.server import running_slack


def make_parser() -> argparse.ArgumentParser:
    """The command line: one option for each field of `Options`."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.emulators.slack",
        description=__doc__,
        epilog=getdoc(Options),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, help="0 is a free one (default)")
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="METHOD[,NAME=VALUE...]",
        help="as in chat.startStream,error=feature_not_enabled,times=2 (the fields of faults.Fault)",
    )
    hints = get_type_hints(Options)
    for field in fields(Options):
        parser.add_argument(f"--{field.name.replace('_', '-')}", **_argument(hints[field.name], field.default))
    return parser


def _argument(hint: Any, default: Any) -> dict[str, Any]:
    if hint is bool:
        return {"action": argparse.BooleanOptionalAction, "default": default}
    if hint == tuple[str, ...]:
        return {"type": lambda text: tuple(text.split(",")), "default": default, "metavar": "NAME,NAME"}
    if hint == tuple[float, ...]:
        return {"type": lambda text: tuple(map(float, text.split(","))), "default": default, "metavar": "S,S"}
    return {"type": hint, "default": default}


def read_fault(text: str) -> Fault:
    """The fault that `text` names. Raises `ValueError` for an unknown name."""
    method, *pairs = text.split(",")
    hints = get_type_hints(Fault)
    details: dict[str, Any] = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        if name not in hints:
            raise ValueError(f"a fault has no {name!r}")
        kind = hints[name]
        details[name] = value in {"1", "true"} if kind is bool else kind(value) if kind in (int, float) else value
    return Fault(method=method, **details)


async def serve(options: Options, faults: Sequence[Fault], port: int) -> None:
    """Serve until the process is asked to end."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with running_slack(options, port=port) as slack:
        for fault in faults:
            slack.faults.add(fault)
        print(slack.api_url, flush=True)
        await ended.wait()


def main() -> None:
    """Read the command line and serve."""
    parser = make_parser()
    given = vars(parser.parse_args())
    port = given.pop("port")
    try:
        faults = [read_fault(text) for text in given.pop("fault")]
    except ValueError as error:
        parser.error(str(error))
    asyncio.run(serve(Options(**given), faults, port))


if __name__ == "__main__":
    main()
