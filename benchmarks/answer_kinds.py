"""How many kinds of what models write are shown right: the text sent as it is, and as the renderers write it.

`python -m benchmarks.answer_kinds` prints a line for each test of `tests/unit/delivery/test_answer_cases.py` that says
how a kind has to look, with the cases of it that pass on each platform before and after.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from unittest.mock import patch

from tests.unit.delivery import test_answer_cases as cases

PREFIX: Final = "test_"

Right = tuple[int, int]
"""Cases that pass, and all of them."""


def kinds() -> Iterator[tuple[str, Callable[..., None], list[tuple[Any, ...]]]]:
    """Yield the tests that judge what a platform shows, with the cases of each."""
    for name, test in inspect.getmembers(cases, inspect.isfunction):
        if name.startswith(PREFIX) and next(iter(inspect.signature(test).parameters), "") == "show":
            marks = [mark for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
            yield name.removeprefix(PREFIX), test, [(value,) for value in marks[0].args[1]] if marks else [()]


def judge(test: Callable[..., None], show: Callable[[str], object], values: list[tuple[Any, ...]]) -> Right:
    """Return how many cases a platform shows right."""
    right = 0
    for value in values:
        try:
            test(show, *value)
        except (AssertionError, LookupError):
            continue
        right += 1
    return right, len(values)


def table() -> Mapping[str, list[Right]]:
    """Return by kind: Discord before and after, Slack before and after."""
    found: dict[str, list[Right]] = {}
    for name, test, values in kinds():
        found[name] = []
        for show in cases.BOTH.values():
            with patch.object(cases, "to_discord", _as_it_is), patch.object(cases, "to_slack", _as_it_is):
                found[name].append(judge(test, show, values))
            found[name].append(judge(test, show, values))
    return found


def _as_it_is(text: str, **_: object) -> str:
    return text


def main() -> None:
    """Print the table."""
    columns = ("Discord as is", "rendered", "Slack as is", "rendered")
    print(f"{'kind':66}" + "".join(f"{name:>15}" for name in columns))
    found = table()
    for name, rights in found.items():
        print(f"{name.replace('_', ' '):66}" + "".join(f"{f'{right} of {count}':>15}" for right, count in rights))
    whole = [sum(rights[column][0] == rights[column][1] for rights in found.values()) for column in range(len(columns))]
    print(f"{'kinds that are wholly right':66}" + "".join(f"{f'{count} of {len(found)}':>15}" for count in whole))


if __name__ == "__main__":
    main()
