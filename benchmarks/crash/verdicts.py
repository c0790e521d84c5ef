"""The verdicts: each a pure function over the history of a run that returns what is wrong, a line for each example."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise, takewhile

from benchmarks.crash.history import (
    SECRET,
    UNDER_WORK,
    Answer,
    Asked,
    History,
    Request,
    Seen,
    Shown,
    answers,
    same,
    sections,
)
from bot.context.transcript import NOTES_MARK

BESIDE_SECONDS = 20.0
"""A second message may stand for so long before it is taken back (`bot.turns.claim` looks for ten seconds)."""

LATE_SECONDS = 5.0
"""What a killed process had sent arrives within about three; its successor then shows its answer again."""

UNDER_WAY_SECONDS = 15.0
"""A press of Stop may be under way for so long, its process held up included, and stops what was asked meanwhile."""

Verdict = Callable[[History], Sequence[str]]


def lost(history: History) -> Sequence[str]:
    """Find questions that were acknowledged and have no answer, though the work has ended and the queue is empty."""
    answered = {name for answer in answers(history.shown) for name in sections(answer.text)}
    apologies = [(_channel(shown.place), shown.last.at) for shown in history.shown if shown.last.state == "failed"]
    return [
        _told(asked, "has no answer")
        for asked in history.asked
        if asked.acknowledged_at is not None
        and asked.removed_at is None
        and asked.name not in answered
        and not any(channel == _channel(asked.place) and at >= asked.at for channel, at in apologies)
        and not _broken_off(history, asked)
    ]


def _channel(place: str) -> str:
    """Return the channel of a conversation: what is told to one person alone may stand outside of its thread."""
    return place.partition("/")[0]


def unacknowledged(history: History) -> Sequence[str]:
    """Find questions that are stored, and of which the platform was never told that they are."""
    return [
        _told(asked, "is stored and was never acknowledged")
        for asked in history.asked
        if asked.acknowledged_at is None and not asked.is_command and asked.name in history.stored.turns
    ]


def double(history: History) -> Sequence[str]:
    """Find questions that are stored twice, or have two answers, or had two beside each other for a while."""
    wrong = [f"{name} is stored {count} times" for name, count in history.stored.turns.items() if count > 1]
    standing = Counter((answer.place, name) for answer in answers(history.shown) for name in sections(answer.text))
    wrong += [f"{name} in {place} has {count} answers" for (place, name), count in standing.items() if count > 1]
    by_name: dict[tuple[str, str], list[Shown]] = defaultdict(list)
    for shown in history.shown:
        for name in shown.names:
            by_name[shown.place, name].append(shown)
    for (place, name), messages in by_name.items():
        for first, second in pairwise(sorted(messages, key=lambda each: each.seen[0].at)):
            beside = min(_end(first, history), _end(second, history)) - second.seen[0].at
            if not (first.stands and second.stands) and beside > BESIDE_SECONDS:
                wrong.append(f"{name} in {place} had two answers for {beside:.0f} s")
    return wrong


def _end(shown: Shown, history: History) -> float:
    return history.ended_at if shown.stands else shown.last.at


def unasked(history: History) -> Sequence[str]:
    """Find answers that nobody in their place had asked for when they came, and such as say nothing."""
    asked = {(item.place, item.name): item.at for item in history.asked}
    wrong = [
        f"{name} is answered in {shown.place}, where nobody had asked it"
        for shown in history.shown
        for name, at in shown.first_named.items()
        if asked.get((shown.place, name), at) >= at
    ]
    wrong += [
        f"an answer in {answer.place} says nothing"
        for answer in answers(history.shown)
        if answer.state == "done" and not answer.text.strip() and not _pressed(history, answer.place, "stop")
    ]
    return wrong


def out_of_order(history: History) -> Sequence[str]:
    """Find questions that were answered before one of their place that had been stored before they were asked."""
    began: dict[tuple[str, str], float] = {}
    for answer in answers(history.shown):
        for name in sections(answer.text):
            began.setdefault((answer.place, name), answer.began_at)
    wrong = []
    for asked in _by_place(history.asked):
        for first, second in pairwise(asked):
            at = [began.get((item.place, item.name)) for item in (first, second)]
            if first.stored_at is None or first.stored_at > second.at or None in at:
                continue
            if at[1] < at[0]:  # type: ignore[operator]  # both are there
                wrong.append(f"{second.name} was answered before {first.name} in {first.place}")
    return wrong


def _by_place(asked: Sequence[Asked]) -> Iterator[Sequence[Asked]]:
    places: dict[str, list[Asked]] = defaultdict(list)
    for item in sorted(asked, key=lambda each: each.at):
        places[item.place].append(item)
    yield from places.values()


def flickered(history: History) -> Sequence[str]:
    """Find finished answers that became unfinished or other ones again, though nobody had pressed for that, and nobody
    had deleted one of their questions, after which the others are answered anew.

    What a process had sent before it was killed may arrive after its successor's answer; that is mended soon after.
    """
    wrong = []
    for shown in history.shown:
        causes = [press.at for press in history.pressed if press.place == shown.place and press.kind != "stop"]
        answered = {name for seen in shown.seen for name in sections(seen.text)}
        causes += [asked.removed_at for asked in history.asked if asked.removed_at and asked.name in answered]
        flickers = 0
        for number, (before, after) in enumerate(pairwise(shown.seen), start=1):
            went_back = after.state in UNDER_WORK or (after.state == "done" and same(after.text) != same(before.text))
            if before.state == "done" and went_back and not _came_late(history.killed, before, shown.seen[number:]):
                flickers += 1
                if flickers > sum(at <= after.at for at in causes):
                    wrong.append(
                        f"{shown.id} in {shown.place} was done ({len(before.text)} characters) and then {after.state} "
                        f"({len(after.text)}), {after.at - before.at:.1f} s later"
                    )
    return wrong


def _came_late(killed: Sequence[float], done: Seen, later: Sequence[Seen]) -> bool:
    """Return whether the first of `later` was under way when a process was killed, and its successor mended it."""
    at = later[0].at
    was_killed = any(at - LATE_SECONDS <= kill <= at for kill in killed)
    soon = (seen for seen in later if seen.at <= at + LATE_SECONDS)
    return was_killed and any(seen.state == "done" and same(seen.text) == same(done.text) for seen in soon)


def placeholder(history: History) -> Sequence[str]:
    """Find what still looks like work though all work has ended."""
    hanging = [
        f"{answer.parts[-1].id} in {answer.place} is still {answer.state}: {answer.text[:40]!r}"
        for answer in answers(history.shown)
        if answer.state in UNDER_WORK
    ]
    return [*hanging, *history.left]


def wrong_text(history: History) -> Sequence[str]:
    """Find finished answers that are not what was asked for; a beginning is right after Stop, or if it says so."""
    expected = {(asked.place, asked.name): asked.expected for asked in history.asked}
    wrong = []
    for answer in answers(history.shown):
        if answer.state != "done":
            continue
        said = sections(answer.text)
        for number, (name, text) in enumerate(said.items(), start=1):
            fitting = expected.get((answer.place, name), [])
            may_end = number == len(said) and _may_end(history, answer)
            if fitting and not any(_fits(text, whole, may_end=may_end) for whole in fitting):
                wrong.append(f"{name} in {answer.place}: {len(text)} of {len(fitting[0])} characters, {text[-30:]!r}")
    return wrong


def _may_end(history: History, answer: Answer) -> bool:
    """Return whether an answer may be a beginning: it says so, was stopped, or said so until Continue was pressed."""
    went_on = answer.was_cut and _pressed(history, answer.place, "continue")
    return answer.is_cut or went_on or _pressed(history, answer.place, "stop")


def _fits(text: str, whole: str, *, may_end: bool) -> bool:
    return same(text) == same(whole) or (may_end and same(whole).startswith(same(text)))


def failed(history: History) -> Sequence[str]:
    """Find answers that say that they failed."""
    return [
        f"{shown.id} in {shown.place}: {shown.last.text[:80]!r}"
        for shown in history.shown
        if shown.last.state == "failed"
    ]


def deleted_text(history: History) -> Sequence[str]:
    """Find words that their author deleted, or had forgotten, and that are still stored somewhere."""
    stored = {found for text in history.stored.texts for found in SECRET.findall(text)}
    gone = (asked for asked in history.asked if asked.removed_at is not None)
    return [_told(asked, "was deleted and is still stored") for asked in gone if asked.secret in stored]


def setting_not_once(history: History) -> Sequence[str]:
    """Find values in force that are neither the last one that somebody was told is set, nor one that was set later or
    at the same time.
    """
    wrong = []
    for place in dict.fromkeys(setting.place for setting in history.settings):
        here = [setting for setting in history.settings if setting.place == place]
        taken = [setting for setting in here if setting.taken_at is not None]
        known = {setting.value: setting.taken_at or setting.at for setting in here}
        values = [
            value for value, at in known.items() if not any(later.at >= at for later in taken if later.value != value)
        ]
        found = history.stored.settings.get(place)
        if found not in values and (taken or found is not None):
            wrong.append(f"{place} has {found!r}, and not one of {values}")
    return wrong


def schedule_not_once(history: History) -> Sequence[str]:
    """Find schedules of digests that are not as often there as somebody added them."""
    return [
        f"{place} has {history.stored.schedules.get(place, 0)} schedules and not {count}"
        for place, count in history.scheduled.items()
        if history.stored.schedules.get(place, 0) != count
    ]


def digest_not_once(history: History) -> Sequence[str]:
    """Find digests that were due and were not posted, or more often than that and than Regenerate was pressed."""
    again = Counter(_channel(press.place) for press in history.pressed if press.kind == "regenerate")
    return [
        f"{place} has {history.digests.get(place, 0)} digests and not {count}"
        for place, count in history.due.items()
        if not count <= history.digests.get(place, 0) <= count + again[_channel(place)]
    ]


def contradicting_request(history: History) -> Sequence[str]:
    """Find requests that hold another answer than was given, or that do not extend the one before in their place."""
    expected = {asked.name: asked for asked in history.asked}
    stopped = {press.place for press in history.pressed if press.kind in {"stop", "continue"}}
    stopped |= {shown.place for shown in history.shown if any(seen.is_cut for seen in shown.seen)}
    wrong = []
    for request in history.requests:
        for text in (text for role, text in request.messages if role == "assistant"):
            for name, said in sections(text).items():
                asked = expected.get(name)
                if asked is None or asked.place in stopped:
                    continue
                if not any(_fits(said, whole, may_end=False) for whole in asked.expected):
                    wrong.append(f"a request holds another answer to {name}: {said[-30:]!r}")
    return [*wrong, *_changed_prefixes(history)]


def _changed_prefixes(history: History) -> Iterator[str]:
    """Yield requests without what was answered before them in their place, as it was and in its order."""
    removed = {asked.place for asked in history.asked if asked.removed_at is not None or len(asked.expected) > 1}
    places = {asked.name: asked.place for asked in history.asked}
    sent: dict[str, list[Request]] = defaultdict(list)
    for request in history.requests:
        place = next((places[name] for name in request.answered if name in places), "")
        if not place or place in removed:
            continue
        earlier = sent[place]
        before = _last_answered(earlier, request)
        if before is None or _extends(request, before):
            earlier.append(request)
        elif not _was_held_up(history, request, earlier):
            yield f"a request in {place} does not extend the one before it: {_difference(request, before)}"
            earlier.append(request)


def _last_answered(earlier: Sequence[Request], request: Request) -> Request | None:
    """Return the newest request before one whose questions it does not ask again.

    What those that it does ask again were trimmed to is known to nobody: their processes were ended before they
    recorded it, and the next one may decide otherwise.
    """
    asked = request.asked
    return next((one for one in reversed(earlier) if not one.asked or not one.asked <= asked), None)


def _was_held_up(history: History, request: Request, earlier: Sequence[Request]) -> bool:
    """Return whether a process sent a request so late, since it was held up, that its question was answered meanwhile.

    It asks for its claim right before it sends; what it is told is of no use to anybody, and costs.
    """
    was_just_let_go = any(0 <= request.at - at <= LATE_SECONDS for at in history.resumed)
    answered = {name for one in earlier for name in one.answered}
    is_late = bool(request.asked) and request.asked <= answered
    return was_just_let_go and is_late and any(_extends(request, one) for one in earlier)


def _difference(request: Request, before: Request) -> str:
    """Return how the first messages that differ begin and end."""
    pairs = zip(before.messages, request.messages, strict=False)
    was, now = next((pair for pair in pairs if pair[0] != pair[1]), (("", ""), ("", "")))
    return f"{was[0]} {was[1][:60]!r}...{was[1][-60:]!r} became {now[0]} {now[1][:60]!r}...{now[1][-60:]!r}"


def _extends(request: Request, before: Request) -> bool:
    """Return whether what was answered in an earlier request stands in a later one, but for what was trimmed."""
    kept = [message for message in before.messages if message[0] != "system"]
    while kept and kept[-1][0] != "assistant":
        kept.pop()  # what was not answered then may be asked differently
    now = [message for message in request.messages if message[0] != "system"]
    ends = [number for number, message in enumerate(now, start=1) if kept and message == kept[-1]]
    return not kept or any(_ends_so(now[:end], kept) for end in ends)


def _ends_so(said: Sequence[tuple[str, str]], kept: Sequence[tuple[str, str]]) -> bool:
    """Return whether messages end as others do; the beginning may be trimmed, with notes in its place."""
    pairs = zip(reversed(said), reversed(kept), strict=False)
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return all(text.startswith(NOTES_MARK) for _, text in said[: len(said) - shared])


def ledger_against_bill(history: History) -> Sequence[str]:
    """Find settled lines that no request of the bill explains, and requests of the bill that no line can stand for.

    The one difference that may be is named in the ledger: an estimate stands for a request whose end nobody heard.
    """
    bill = Counter(request.charge for request in history.requests if request.charge is not None)
    wrong = []
    for line in history.stored.ledger:
        if bill[line] > 0:
            bill[line] -= 1
        else:
            wrong.append(f"no request explains {line}")
    unexplained = bill.total() - history.stored.estimated
    if unexplained > 0:
        left = [charge for charge, count in bill.items() if count > 0]
        wrong.append(f"{unexplained} requests of the bill have no line, of those that cost {left[:3]}")
    return wrong


VERDICTS: Mapping[str, Verdict] = {
    "lost": lost,
    "unacknowledged": unacknowledged,
    "double": double,
    "unasked": unasked,
    "out of order": out_of_order,
    "flickered back": flickered,
    "placeholder left": placeholder,
    "wrong text": wrong_text,
    "failed": failed,
    "deleted text": deleted_text,
    "setting": setting_not_once,
    "schedule": schedule_not_once,
    "digest": digest_not_once,
    "request": contradicting_request,
    "ledger": ledger_against_bill,
}
"""Every verdict by its name in the table."""


def judge(history: History) -> Mapping[str, Sequence[str]]:
    """Return what is wrong, by the names of the verdicts, in their order."""
    return {name: verdict(history) for name, verdict in VERDICTS.items()}


def _pressed(history: History, place: str, kind: str) -> bool:
    return any(press.place == place and press.kind == kind for press in history.pressed)


def _broken_off(history: History, asked: Asked) -> bool:
    """Return whether an answer to a question was stopped, or broke off, before it came to it.

    The rest that Continue brings goes on in the middle of a sentence, and names no question.
    """
    is_stopped = any(
        press.place == asked.place and press.kind == "stop" and press.at + UNDER_WAY_SECONDS >= asked.at
        for press in history.pressed
    )
    return is_stopped or any(
        answer.place == asked.place and answer.was_cut and answer.parts[-1].last.at >= asked.at
        for answer in answers(history.shown)
    )


def _told(asked: Asked, what: str) -> str:
    return f"{asked.name} in {asked.place} {what}"


__all__ = ["VERDICTS", "Answer", "judge"]
