"""Parts of a process that end are started again; the others go on."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bot.app.supervisor import Supervisor
from bot.backoff import JITTER, Backoff, BackoffTimes
from bot.errors import ConfigError, StorageUnavailable
from bot.event_errors import KINDS_KEPT, EventErrors

AT_ONCE = BackoffTimes(first=0.0, longest=0.0, healthy=60.0)
SECRET = "what somebody wrote"


class Part:
    """Ends as it is told, run after run, and then goes on until cancelled."""

    def __init__(self, *ends: Exception | None) -> None:
        self.ends = list(ends)
        self.runs = 0
        self.goes_on = asyncio.Event()

    async def run(self) -> None:
        self.runs += 1
        if self.ends:
            if (end := self.ends.pop(0)) is not None:
                raise end
            return
        self.goes_on.set()
        await asyncio.Event().wait()


async def kept(supervisor: Supervisor, part: Part, *, alone: bool = False) -> None:
    """Keep a part until it goes on."""
    task = asyncio.create_task(supervisor.keep("Slack", part.run, alone=alone))
    going = asyncio.create_task(part.goes_on.wait())
    await asyncio.wait_for(asyncio.wait((task, going), return_when=asyncio.FIRST_COMPLETED), 10)
    going.cancel()
    if task.done():
        task.result()
    task.cancel()
    await asyncio.gather(task, going, return_exceptions=True)


@pytest.mark.parametrize(
    "end",
    [KeyError(SECRET), None, StorageUnavailable("the disk is full"), ExceptionGroup("g", [ValueError(SECRET)])],
    ids=["bug", "return", "storage", "group"],
)
async def test_a_part_that_ends_is_started_again(end: Exception | None, caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    part = Part(end, end, end)
    await kept(Supervisor(told.append, times=AT_ONCE), part)
    assert part.runs == 4
    assert len(told) == 1
    assert told[0].startswith("Slack has stopped")
    assert SECRET not in told[0] + caplog.text
    assert sum(record.levelno >= logging.ERROR for record in caplog.records) == (0 if "disk" in told[0] else 1)


async def test_what_only_an_operator_can_mend_ends_the_process() -> None:
    with pytest.raises(ConfigError, match="SLACK_APP_TOKEN"):
        await kept(Supervisor(print, times=AT_ONCE), Part(KeyError("x"), ConfigError("SLACK_APP_TOKEN", "is refused")))


@pytest.mark.parametrize(("end", "raised"), [(KeyError("x"), KeyError), (None, RuntimeError)], ids=["bug", "return"])
async def test_a_bug_before_the_only_part_is_ready_is_told_by_ending(
    end: Exception | None, raised: type[Exception]
) -> None:
    with pytest.raises(raised):
        await kept(Supervisor(print, times=AT_ONCE), Part(end), alone=True)


async def test_once_it_was_ready_even_the_only_part_is_started_again() -> None:
    supervisor, part = Supervisor(print, times=AT_ONCE), Part(KeyError("x"))
    supervisor.ready("Slack")
    await kept(supervisor, part, alone=True)
    assert part.runs == 2


async def test_other_parts_never_notice() -> None:
    supervisor, calm = Supervisor(lambda _: None, times=AT_ONCE), Part()
    keeping = asyncio.create_task(supervisor.keep("The playground", calm.run))
    await kept(supervisor, Part(*[KeyError("x")] * 50))
    assert calm.runs == 1
    assert not keeping.done()
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


# ---------------------------------------------------------------- the waits


def waits(lasted: list[float], *, chance: float = 0.5) -> list[float]:
    backoff = Backoff(BackoffTimes(first=1, longest=10, healthy=60), chance=lambda: chance)
    return [round(backoff.delay(item), 6) for item in lasted]


def test_waits_grow_up_to_the_longest() -> None:
    assert waits([0] * 6) == [1, 2, 4, 8, 10, 10]


def test_after_a_healthy_time_they_begin_anew() -> None:
    assert waits([0, 59, 60, 0]) == [1, 2, 1, 2]


@pytest.mark.parametrize(("chance", "part"), [(0.0, 1 - JITTER), (1.0, 1 + JITTER)])
def test_a_part_of_each_wait_is_left_to_chance(chance: float, part: float) -> None:
    assert waits([0, 0], chance=chance) == [part, 2 * part]


# ---------------------------------------------------------------- what is told of events


def raised(error: Exception) -> Exception:
    """An error with a traceback."""
    try:
        raise error
    except type(error) as caught:
        return caught


def test_each_kind_is_told_once_and_then_counted(caplog: pytest.LogCaptureFixture) -> None:
    errors = EventErrors("slack", logging.getLogger("adapters.test"))
    for _ in range(120):
        errors.note("message", raised(KeyError(SECRET)))
    errors.note("app_mention", raised(ValueError(SECRET)))
    told = [(vars(record)["event"], vars(record).get("count", 1)) for record in caplog.records]
    assert told == [("message", 1), ("message", 10), ("message", 100), ("app_mention", 1)]
    assert errors.counts == {"message": 120, "app_mention": 1}
    assert SECRET not in caplog.text
    assert "test_supervisor.py" in caplog.text  # where it was


@pytest.mark.parametrize("kind", ["two\nlines", "", "x" * 81, "na\u00efve", "a\x00"])
def test_a_kind_that_is_no_name_is_not_written_down(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    errors = EventErrors("slack", logging.getLogger("adapters.test"))
    errors.note(kind, raised(KeyError("x")))
    assert errors.counts == {"other": 1}


def test_kinds_from_outside_do_not_fill_the_memory() -> None:
    errors = EventErrors("slack", logging.getLogger("adapters.test"))
    for number in range(3 * KINDS_KEPT):
        errors.note(f"kind{number}", KeyError("x"))
    assert len(errors.counts) <= KINDS_KEPT + 1
    assert errors.counts.total() == 3 * KINDS_KEPT
