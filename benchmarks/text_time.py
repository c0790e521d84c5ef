"""What reading texts costs: CPU seconds for 100,000 characters of each costly pattern, and to show answers.

`python -m benchmarks.text_time`. The first table has a row for each pattern, printed when it is measured, and a column
for each group of readers: the seconds of the slowest one of them; `answers` is what Discord and Slack do with an ended
answer of that length, of which they show a part. At its end stands the slowest of all, how many times as long as the
bare parse of CommonMark that is, and as half of the text (2 if the time is linear). The second table is
an answer of 10,000 characters as a whole, the third one answers of that length while they grow, as each platform shows
them: the work of all showings together, of one, and how much of the whole one is: about its tail, where blocks end.

Time is what this process has computed, not what a busy machine made it wait. The whole takes some minutes;
`python -m benchmarks.text_time 'table-*' brackets` measures those patterns alone, `--rows 1/4` the first quarter.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import partial
from statistics import median
from typing import Final

from markdown_it import MarkdownIt

from adapters.discord.replies.markdown import DiscordRenderer
from adapters.discord.replies.rendering import Renderer, plain_pages
from adapters.slack.replies.markdown import SlackRenderer
from adapters.slack.replies.rendering import PIECE_CHARACTERS, escape_markdown
from adapters.slack.replies.reply import MESSAGES
from adapters.web.playground.markdown_html import GrowingMarkdown, render_afresh
from bot.delivery import AnswerPieces, split
from bot.types import ConversationKey, Draft, Incoming, Person, Turn, TurnId, TurnState
from tests.pathological import PATTERNS
from tests.text_readers import READERS, Read

AIM: Final = 0.2  # seconds for 100,000 characters
ANSWER: Final = 10_000  # characters
STEP: Final = 100  # characters that come between two showings
ROUNDS: Final = 2
SHORT: Final = 8  # times shorter is the text by which the slowest reader is found
WHOLE_ROUNDS: Final = 10
SHOWN: Final = ("different-lines", "words", "table-long", "fence-unclosed-long", "brackets")
USUAL: Final = "usual (as `answer` writes it)"

BARE: Final = MarkdownIt("commonmark").enable("table")

Show = Callable[[str], object]


def slack_size(text: str) -> int:
    """Return what Slack counts."""
    return len(escape_markdown(text))


def groups() -> Mapping[str, Mapping[str, Read]]:
    """All readers, those that divide a text with the sizes of the real platforms."""
    dividing: dict[str, Read] = {
        "pieces for Discord": plain_pages,
        "pieces for Slack": lambda text: split(text, limit=PIECE_CHARACTERS, size=slack_size),
    }
    delivery = {name: read for name, read in READERS["delivery"].items() if not name.startswith("split")}
    answers: dict[str, Read] = {
        "an answer on Discord": lambda text: _renderer().pages(Draft(status="done", text=text)),
        "an answer on Slack": lambda text: slack_pieces(most=MESSAGES)(Draft(status="done", text=text), growing=False),
    }
    return {"answers": answers, **READERS, "delivery": {**delivery, **dividing}}


def bare(text: str) -> object:
    """Parse CommonMark with tables, as the library does it: what the machine's speed is told by."""
    return BARE.parse(text)


def seconds(read: Read, text: str, rounds: int = ROUNDS) -> float:
    """Return the best of some times."""
    return min(once(read, text) for _ in range(rounds))


def once(read: Read, text: str) -> float:
    """Return the seconds of one time."""
    begun = time.process_time()
    read(text)
    return time.process_time() - begun


def slowest(readers: Mapping[str, Read], text: str, short: str) -> tuple[float, str]:
    """Return the seconds of the slowest reader, and its name: which one it is, a shorter text tells."""
    name = max(readers, key=lambda each: once(readers[each], short))
    return once(readers[name], text), name


def table_of_patterns(patterns: Sequence[str], length: int) -> None:
    """Print a line for each pattern, and at last how many are over the aim."""
    columns = groups()
    print(f"{'pattern':34}{'bare':>10}" + "".join(f"{name:>10}" for name in columns) + "  slowest")
    over: list[str] = []
    times: dict[str, list[float]] = {group: [] for group in (*columns, "slowest")}
    for pattern in patterns:
        gc.collect()
        text, half, short = (PATTERNS[pattern](length // part) for part in (1, 2, SHORT))
        found = {group: slowest(readers, text, short) for group, readers in columns.items()}
        group = max(found, key=lambda each: found[each][0])
        read, name = columns[group][found[group][1]], found[group][1]
        took = min(found[group][0], once(read, text))
        found[group] = took, name
        for each, (measured, _) in {**found, "slowest": found[group]}.items():
            times[each].append(measured * 100_000 / length)
        plain, growth = once(bare, text), took / max(1e-9, seconds(read, half))
        over += [pattern] if took > AIM * length / 100_000 else []
        cells = "".join(f"{item[0]:10.3f}" for item in found.values())
        told = f"{name} (x {took / max(1e-9, plain):.1f} of bare, x {growth:.1f} of half)"
        print(f"{pattern:34}{plain:10.3f}{cells}  {told}", flush=True)
    print(f"\n{len(patterns)} patterns of {length:,} characters; {len(over)} with a reader over {AIM} s for 100,000:")
    print(*(over or ["none"]))
    for group, all_times in times.items():
        above = sum(item > AIM for item in all_times)
        print(f"{group:12}median {median(all_times):.3f} s, most {max(all_times):.3f} s, {above} over the aim")


# ---------------------------------------------------------------- an answer that grows


def showers() -> Mapping[str, Callable[[], Show]]:
    """Return what each platform does with a draft, as a function of its text; each call begins another answer."""
    return {"Discord": _discord, "Slack": _slack, "playground": lambda: GrowingMarkdown().render}


def _renderer() -> Renderer:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    key = ConversationKey(platform="discord", workspace="1", channel="2", thread="3")
    asked = Incoming(key=key, dedupe_key="d", author=Person(id="4", name="Ada"), text="?", sent_at=at)
    return Renderer(Turn(id=TurnId(1), incoming=asked, state=TurnState.RUNNING, epoch=1, attempt=1))


def _discord() -> Show:
    renderer = _renderer()
    return lambda text: renderer.pages(Draft(status="writing", text=text))


def slack_pieces(most: int) -> Callable[..., object]:
    """Return what Slack divides an answer by, of which it shows `most` messages."""
    answer = AnswerPieces(SlackRenderer(), limit=PIECE_CHARACTERS, size=slack_size)
    return partial(answer.divide, most=most)


def _slack() -> Show:
    divide = slack_pieces(MESSAGES)
    return lambda text: divide(Draft(status="writing", text=text), growing=True)


def table_of_showings(patterns: Sequence[str]) -> None:
    """Print what showing an answer costs while it grows."""
    columns = "".join(f"{name:>10}" for name in ("total s", "showings", "mean ms", "most ms", "of whole"))
    print(f"\n{f'an answer of {ANSWER:,} characters':34}{'platform':12}{columns}")
    for pattern in (USUAL, *patterns):
        text = answer() if pattern == USUAL else PATTERNS[pattern](ANSWER)
        for name, make in showers().items():
            show, times = make(), list[float]()
            gc.collect()
            for end in range(STEP, len(text) + STEP, STEP):
                begun = time.process_time()
                show(text[:end])
                times.append(time.process_time() - begun)
            total = sum(times)
            mean, most = 1_000 * total / len(times), 1_000 * max(times)
            share = mean / (1_000 * min(once(make(), text) for _ in range(ROUNDS)))
            print(f"{pattern:34}{name:12}{total:10.3f}{len(times):10}{mean:10.2f}{most:10.2f}{share:10.0%}")


def whole(text: str) -> None:
    """Print what it costs to parse and render an answer as a whole."""
    print(f"\n{f'an answer of {len(text):,} characters, whole':46}{'ms':>10}{'x bare':>10}")
    readers: Mapping[str, Read] = {
        "bare CommonMark": bare,
        "Discord": DiscordRenderer().render,
        "Slack": SlackRenderer().render,
        "playground": render_afresh,
    }
    best = {name: seconds(read, text, WHOLE_ROUNDS) for name, read in readers.items()}
    for name, took in best.items():
        print(f"{name:46}{1_000 * took:10.2f}{took / best['bare CommonMark']:10.1f}")


def answer() -> str:
    """Return an answer with what answers of models have: headings, lists, bold, code, links, a table."""
    part = (
        "## How the pump works\n\nThe **pump** moves water from `tank_a` to `tank_b`; see "
        "[the manual](https://example.org/manual) and *mind* the valve. "
        + "It opens when the pressure falls. "
        * 8
        + "\n\n1. **Open** the valve.\n2. Start the motor:\n\n   ```sh\n   pump --start\n   ```\n\n3. Wait.\n\n"
        "| part | price |\n|---|---:|\n| valve | 12.50 |\n| motor | 104.00 |\n\n- a short item\n- another one\n\n"
    )
    return (part * (ANSWER // len(part) + 1))[:ANSWER]


def portion(of: str) -> tuple[int, int]:
    """Read "2/4" as the second of four portions; raises `ValueError` for anything else."""
    number, count = map(int, of.split("/"))
    if not 1 <= number <= count:
        raise ValueError(of)
    return number, count


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--length", type=int, default=100_000, help="characters of each pattern")
    parser.add_argument(
        "--rows", type=portion, default=(1, 1), help="of the first table alone: 2/4 is the second quarter"
    )
    parser.add_argument("names", nargs="*", help="of patterns, * for any characters; all if none is named")
    options = parser.parse_args()
    chosen = [each for each in PATTERNS if any(fnmatchcase(each, name) for name in options.names or ["*"])]
    number, count = options.rows
    gc.disable()
    table_of_patterns(chosen[len(chosen) * (number - 1) // count : len(chosen) * number // count], options.length)
    if count == 1:
        whole(answer())
        table_of_showings(chosen if options.names else SHOWN)


if __name__ == "__main__":
    main()
