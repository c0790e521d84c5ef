"""The emulator's command: `python -m tests.emulators.seed --port 0`."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Sequence
from dataclasses import fields
from decimal import Decimal
from inspect import getdoc
from typing import Any, get_args, get_type_hints

from tests.emulators.seed.faults import KINDS, Fault
from tests.emulators.seed.options import Options
from tests.emulators.seed.server import running_seed


def make_parser() -> argparse.ArgumentParser:
    """The command line: one option for each field of `Options`, and the faults."""
    kinds = "\n".join(f"  {kind:20} {words}" for kind, (_, words) in KINDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m tests.emulators.seed",
        description=__doc__,
        epilog=f"{getdoc(Options)}\n\nfaults:\n{kinds}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, help="0 is a free one (default)")
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="KIND[,NAME=VALUE...]",
        help="as in http_429,times=2,retry_after=1",
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
    choices = get_args(hint)
    if choices and isinstance(choices[0], str):
        return {"choices": choices, "default": default}
    kind = next((each for each in (int, float, Decimal) if each is hint or each in choices), str)
    return {"type": kind, "default": default}


def read_fault(text: str) -> Fault:
    """The fault that `text` names. Raises `ValueError` for an unknown name."""
    kind, *pairs = text.split(",")
    hints = get_type_hints(Fault)
    details: dict[str, Any] = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        if name not in hints:
            raise ValueError(f"a fault has no {name!r}")
        kind_of = hints[name]
        details[name] = (
            value in {"1", "true", "yes"} if kind_of is bool else kind_of(value) if kind_of in (int, float) else value
        )
    return Fault(kind=kind, **details)


async def serve(options: Options, faults: Sequence[Fault], port: int) -> None:
    """Serve until the process is asked to end."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with running_seed(options, port=port) as emulator:
        for fault in faults:
            emulator.faults.add(fault)
        print(emulator.url, flush=True)
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
