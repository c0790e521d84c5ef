"""How fast people may ask, and whose turn it is at the model."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from bot.errors import InvalidInput
from bot.language import gettext, gettext_noop, quantity
from bot.parameters import PARAMETERS
from bot.types import Asker, Incoming, ParameterValue, Turn

PEOPLE_REMEMBERED: Final = 10_000

SPANS: Final = {"questions_per_minute": timedelta(minutes=1), "questions_per_hour": timedelta(hours=1)}
"""How long a question counts, by the parameter that bounds how many."""

TOO_MANY: Final = gettext_noop(
    "You have asked {count} within {span}, and more than that I do not take here. Please ask again in {wait}."
)


def asker_of(turn: Turn, parameters: Mapping[str, ParameterValue]) -> Asker:
    """Return whose turn it is for the requests of a turn."""
    key, author = turn.incoming.key, turn.incoming.author
    workspace = key.workspace_key
    return Asker(
        person=f"{workspace}/{author.id}",
        channel=f"{workspace}/{key.channel}",
        most_of_person=_number(parameters, "answers_per_person"),
        most_in_channel=_number(parameters, "answers_per_channel"),
    )


def wait_of(asked: Iterable[datetime], most: int, span: timedelta, at: datetime) -> timedelta | None:
    """Return how long after the moment `at` somebody may ask who may ask `most` within a span; None when then already.

    What was asked later counts too: what is read after a gap comes channel by channel.
    """
    times = sorted([at, *(other for other in asked if abs(other - at) < span)])
    full = [first for first, last in zip(times, times[most:], strict=False) if last - first < span]
    return full[-1] + span - at if full else None


class QuestionPace:
    """Counts what each person has asked lately, in this process; a delivery that comes again counts once."""

    def __init__(self) -> None:
        self._asked: OrderedDict[tuple[str, str, str], dict[str, datetime]] = OrderedDict()

    def note(self, incoming: Incoming, parameters: Mapping[str, ParameterValue], at: datetime) -> None:
        """Count a question of the moment `at`. Raises `InvalidInput` for one too many, which does not count."""
        name = (incoming.key.platform, incoming.key.workspace, incoming.author.id)
        since = at - max(SPANS.values())
        asked = {key: other for key, other in self._asked.pop(name, {}).items() if other > since}
        self._asked[name] = asked
        while len(self._asked) > PEOPLE_REMEMBERED:
            self._asked.popitem(last=False)
        if incoming.dedupe_key in asked:
            return
        for bound, span in SPANS.items():
            most = _number(parameters, bound)
            if most and (wait := wait_of(asked.values(), most, span, at)) is not None:
                unit = gettext("a minute") if span == timedelta(minutes=1) else gettext("an hour")
                raise InvalidInput(
                    gettext(TOO_MANY).format(count=quantity(most, "question"), span=unit, wait=_words(wait))
                )
        asked[incoming.dedupe_key] = at


def _number(parameters: Mapping[str, ParameterValue], name: str) -> int:
    return int(str(parameters.get(name, PARAMETERS[name].default)))


def _words(wait: timedelta) -> str:
    seconds = max(1, round(wait.total_seconds()))
    return quantity(seconds, "second") if seconds < 100 else quantity(-(-seconds // 60), "minute")
