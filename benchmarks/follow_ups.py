"""How often each way of `follow_ups` speaks though nobody meant the bot, and is silent though somebody did.

    python -m benchmarks.follow_ups [--misses]

Four days of #ubuntu (a Slack export of IRC) with links, made by hand, that tell which message answers which. In each
thread its main answerer, the one who wrote most beside who began it, plays the bot. Each message after the bot's first
is judged from texts, names and order; the links only tell who was meant. Several lines of one writer hang on each
other, so a message is for whom its first line was for; one that answers only its writer is not counted, and bare
thanks, acknowledgements and reactions need no answer. For `mentioned` the nickname of the bot, anywhere, is a mention;
the rules of `auto` get no mentions but what they read.
"""

from __future__ import annotations

import argparse
import csv
import html
import json
import re
import sys
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

if not __package__:  # run as a file: the packages lie beside this folder
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.context_tokens import data_folder
from bot.chat.follow_ups import reason_for_silence
from bot.types import BOT, Utterance

EXPORT: Final = "irc-ubuntu-slack-export.zip"
LINKS: Final = "irc-ubuntu-replies.csv"
THANKS: Final = re.compile(
    r"\W*(?:(?:thanks?|thank you|thx|ty|ta|cheers|ok(?:ay)?|k|cool|great|nice|sweet|good|excellent|awesome|perfect|"
    r"alright|got it|i see|np|no problem|sorry(?: about that)?|lol|"
    r"(?:that )?makes sense|good point|it works|brb|nevermind|nvm|sigh|(?:ha)+h?|(?:he)+h?|ah+|oh|hm+)\b\W*)+"
    r"(?:a lot|very much|so much|for (?:all )?(?:the|your) help|guys|man|mate|dude|bro|all|everyone)?\W*",
    re.IGNORECASE,
)
SMILEY: Final = re.compile(r"(?<!\S)[:;=xX8]['^-]?[()\[\]dDpPoO3/|*]+(?!\S)")

Place = tuple[str, str]
"""A message: its channel and ts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A message of the export, and the messages that it answers."""

    place: Place
    user: str
    text: str
    answers: Sequence[Place]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A message, what stands above it in its thread, and whether it mentions and means whoever plays the bot."""

    said: Utterance
    before: Sequence[Utterance]
    people: int
    mentions: bool
    meant: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Counts of messages that were judged, spoken to though not meant, and met with silence though meant."""

    messages: int
    spoke: int
    silent: int

    @property
    def spoke_share(self) -> float:
        """The share of all messages to which it spoke and should not have."""
        return self.spoke / self.messages

    @property
    def silent_share(self) -> float:
        """The share of all messages to which it should have spoken and did not."""
        return self.silent / self.messages


Judge = Callable[[Case], bool]

JUDGES: Final[Mapping[str, Judge]] = {
    "always": lambda _: True,
    "mentioned": lambda case: case.mentions,
    "auto": lambda case: not reason_for_silence(case.said, case.before),
}


def score(cases: Sequence[Case], judge: Judge) -> Score:
    """Return how a way of deciding fares."""
    wrong = Counter(case.meant for case in cases if judge(case) is not case.meant)
    return Score(messages=len(cases), spoke=wrong[False], silent=wrong[True])


# ---------------------------------------------------------------- the recorded threads


def read_cases(folder: Path) -> Iterator[Case]:
    """Return the cases of all threads in which somebody answers. Raises `OSError` where the data is not there."""
    names, threads = _read(folder)
    lines = {line.place: line for thread in threads for line in thread}
    for thread in threads:
        beginner = thread[0].user
        others = Counter(line.user for line in thread if line.user != beginner)
        if others:
            yield from _cases_of(thread, others.most_common(1)[0][0], names, lines)


def _cases_of(
    thread: Sequence[Line], bot: str, names: Mapping[str, str], lines: Mapping[Place, Line]
) -> Iterator[Case]:
    said = [_utterance(line, bot, names) for line in thread]
    nickname = re.compile(rf"(?<![\w-]){re.escape(names[bot])}(?![\w-])", re.IGNORECASE)
    first = next(number for number, line in enumerate(thread) if line.user == bot)
    for number, line in enumerate(thread[first + 1 :], first + 1):
        meant = _meant(line, lines)
        if line.user == bot or meant <= {line.user}:
            continue
        yield Case(
            said=said[number],
            before=said[:number],
            people=len({item.user for item in thread}),
            mentions=nickname.search(line.text) is not None,
            meant=bot in meant and _says_something(line.text.replace(names[bot], "")),
        )


def _says_something(text: str) -> bool:
    words = SMILEY.sub("", text)
    return any(character.isalnum() or character == "?" for character in words) and not THANKS.fullmatch(words)


def _utterance(line: Line, bot: str, names: Mapping[str, str]) -> Utterance:
    return Utterance(speaker=BOT if line.user == bot else line.user, name=names[line.user], text=line.text)


def _meant(line: Line, lines: Mapping[Place, Line]) -> set[str]:
    """Return whom a line answers, past the writer's own lines that it goes on with."""
    people: set[str] = set()
    for answered in (lines[place] for place in line.answers if place in lines and place != line.place):
        own = answered.user == line.user
        people |= (_meant(answered, lines) or {line.user}) if own else {answered.user}
    return people


def _read(folder: Path) -> tuple[Mapping[str, str], Sequence[Sequence[Line]]]:
    answers: defaultdict[Place, list[Place]] = defaultdict(list)
    with (folder / LINKS).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            answers[row["channel"], row["ts"]].append((row["channel"], row["replies_to"]))
    threads: defaultdict[Place, list[Line]] = defaultdict(list)
    with zipfile.ZipFile(folder / EXPORT) as export:
        names = {user["id"]: user["name"] for user in json.loads(export.read("users.json"))}
        for path in (name for name in export.namelist() if "/" in name and name.endswith(".json")):
            channel = path.split("/")[0]
            for told in json.loads(export.read(path)):
                place = (channel, told["ts"])
                text = html.unescape(told["text"])
                line = Line(place=place, user=told["user"], text=text, answers=answers[place])
                if "thread_ts" in told:
                    threads[channel, told["thread_ts"]].append(line)
    return names, [sorted(thread, key=lambda line: float(line.place[1])) for thread in threads.values()]


# ---------------------------------------------------------------- the table


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--misses", action="store_true", help="print the messages that `auto` judges wrongly")
    options = parser.parse_args(arguments)
    try:
        cases = list(read_cases(data_folder() / "chat"))
    except OSError as error:
        print(f"There is no recorded talk: {error}", file=sys.stderr)
        return 1
    print("| threads of | follow_ups | messages | speaks, not meant | silent, meant |\n|---|---|---|---|---|")
    rows = {
        "two": [case for case in cases if case.people == 2],
        "three or more": [case for case in cases if case.people > 2],
    }
    for title, some in rows.items():
        for name, judge in JUDGES.items():
            found = score(some, judge)
            shares = (f"{count} ({share:.1%})" for count, share in _counted(found))
            print(f"| {title} | {name} | {found.messages} | {' | '.join(shares)} |")
    if options.misses:
        for case in cases:
            if JUDGES["auto"](case) is not case.meant:
                print(f"{'silent' if case.meant else 'speaks'}: {case.said.name}: {case.said.text}")
    return 0


def _counted(found: Score) -> Sequence[tuple[int, float]]:
    return (found.spoke, found.spoke_share), (found.silent, found.silent_share)


if __name__ == "__main__":
    sys.exit(main())
