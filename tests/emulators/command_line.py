"""What the commands of the emulators share: an option for each field of their `Options`, and faults by name."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import fields
from decimal import Decimal
from typing import Any, TypeVar, get_args, get_type_hints

T = TypeVar("T")

Running = Callable[..., AbstractAsyncContextManager[Any]]
"""Serves an emulator with some options at a port."""


def option_parser(prog: str, description: str | None, options: type[Any], epilog: str) -> argparse.ArgumentParser:
    """A command line with `--port` and an option for each field of the dataclass `options`."""
    parser = argparse.ArgumentParser(
        prog=prog, description=description, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=0, help="0 is a free one (default)")
    hints = get_type_hints(options)
    for field in fields(options):
        parser.add_argument(f"--{field.name.replace('_', '-')}", **_argument(hints[field.name], field.default))
    return parser


def _argument(hint: Any, default: Any) -> dict[str, Any]:
    if hint is bool:
        return {"action": argparse.BooleanOptionalAction, "default": default}
    if hint == tuple[str, ...]:
        return {"type": lambda text: tuple(text.split(",")), "default": default, "metavar": "NAME,NAME"}
    if hint == tuple[float, ...]:
        return {"type": lambda text: tuple(map(float, text.split(","))), "default": default, "metavar": "S,S"}
    choices = get_args(hint)
    if choices and isinstance(choices[0], str):
        return {"choices": choices, "default": default}
    kind = next((item for item in (int, float, Decimal) if item is hint or item in choices), str)
    return {"type": kind, "default": default}


def read_faults(parser: argparse.ArgumentParser, texts: Sequence[str], fault: type[T], named: str) -> list[T]:
    """The faults that texts such as "http_429,times=2" name; the first word is the field `named` of `fault`.

    Ends the process with a message for an unknown name.
    """
    try:
        return [read_fault(text, fault, named) for text in texts]
    except ValueError as error:
        parser.error(str(error))


def read_fault(text: str, fault: type[T], named: str) -> T:
    """The fault that `text` names. Raises `ValueError` for an unknown name."""
    first, *pairs = text.split(",")
    hints = get_type_hints(fault)
    details: dict[str, Any] = {named: first}
    for pair in pairs:
        name, _, value = pair.partition("=")
        if name not in hints:
            raise ValueError(f"a fault has no {name!r}")
        kind = hints[name]
        is_yes = value in {"1", "true", "yes"}
        details[name] = is_yes if kind is bool else kind(value) if kind in (int, float) else value
    return fault(**details)


async def until_told_to_end() -> None:
    """Wait for SIGINT or SIGTERM."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    await ended.wait()


def run_emulator(
    parser: argparse.ArgumentParser,
    options: type[Any],
    running: Running,
    *,
    fault: type[Any],
    named: str,
    address: Callable[[Any], str],
) -> None:
    """Read the command line and serve with its faults, whose field `named` comes first; print its address."""
    given = vars(parser.parse_args())
    port = given.pop("port")
    faults = read_faults(parser, given.pop("fault"), fault, named)

    async def serve() -> None:
        async with running(options(**given), port=port) as emulator:
            for item in faults:
                emulator.faults.add(item)
            print(address(emulator), flush=True)
            await until_told_to_end()

    asyncio.run(serve())
