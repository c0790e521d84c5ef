"""What reading texts costs: seconds for 100,000 characters of each costly pattern, and what it takes to show an answer.

`python -m benchmarks.text_time`. The first table has a row for each pattern and a column for each group of readers: the
seconds of the slowest one, and which it is; "x" is how much longer it takes than for half of the text, 2 if the time is
linear. The second one is an answer of 10,000 characters as a whole, also as so many times the bare parse of CommonMark,
which does not depend on the machine. The third one shows answers of that length while they grow, as each platform does:
the work of all showings together, of one, and how much of the whole one is: about its tail, where blocks end.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from markdown_it import MarkdownIt

from adapters.discord.replies.markdown import DiscordRenderer
from adapters.discord.replies.rendering import Renderer, plain_pages
from adapters.slack.replies.markdown import SlackRenderer
from adapters.slack.replies.rendering import PIECE_CHARACTERS, escape_markdown
from adapters.web.playground.markdown_html import GrowingMarkdown, render_afresh
from bot.delivery import IncrementalRenderer, Splitter, split
from bot.types import ConversationKey, Draft, Incoming, Person, Turn, TurnId, TurnState
from tests.pathological import PATTERNS
from tests.text_readers import READERS, Read

AIM: Final = 0.2  # seconds for 100,000 characters
ANSWER: Final = 10_000  # characters
STEP: Final = 100  # characters that come between two showings
ROUNDS: Final = 2
WHOLE_ROUNDS: Final = 10
USUAL: Final = "usual (as `answer` writes it)"

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
    return {**READERS, "delivery": {**delivery, **dividing}}


def seconds(read: Read, text: str) -> float:
    """Return the best of some times."""
    return min(once(read, text) for _ in range(ROUNDS))


def once(read: Read, text: str) -> float:
    """Return the seconds of one time."""
    begun = time.thread_time()
    read(text)
    return time.thread_time() - begun


def slowest(readers: Mapping[str, Read], pattern: str, length: int) -> tuple[float, str, float]:
    """Return the seconds of the slowest reader, its name, and how much longer it takes than for half of the text."""
    text = PATTERNS[pattern](length)
    took, name = max((seconds(read, text), name) for name, read in readers.items())
    return took, name, took / max(1e-9, seconds(readers[name], PATTERNS[pattern](length // 2)))


def table_of_patterns(patterns: Sequence[str], length: int) -> None:
    """Print a line for each pattern, and at last the slowest of all."""
    columns = groups()
    print(f"{'pattern':34}" + "".join(f"{name:>10}" for name in columns) + "  slowest")
    over = 0
    for pattern in patterns:
        gc.collect()
        found = {name: slowest(readers, pattern, length) for name, readers in columns.items()}
        took, name, factor = max(found.values())
        over += took > AIM * length / 100_000
        cells = "".join(f"{item[0]:10.3f}" for item in found.values())
        print(f"{pattern:34}{cells}  {name} (x {factor:.1f})", flush=True)
    print(f"\n{len(patterns)} patterns of {length:,} characters; {over} with a reader over {AIM} s for 100,000.")


# ---------------------------------------------------------------- an answer that grows


def showers() -> Mapping[str, Callable[[], Show]]:
    """Return what each platform does with a draft, as a function of its text; each call begins another answer."""
    return {"Discord": _discord, "Slack": _slack, "playground": lambda: GrowingMarkdown().render}


def _discord() -> Show:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    key = ConversationKey(platform="discord", workspace="1", channel="2", thread="3")
    asked = Incoming(key=key, dedupe_key="d", author=Person(id="4", name="Ada"), text="?", sent_at=at)
    renderer = Renderer(Turn(id=TurnId(1), incoming=asked, state=TurnState.RUNNING, epoch=1, attempt=1))
    return lambda text: renderer.pages(Draft(status="writing", text=text))


def _slack() -> Show:
    splitter = Splitter(limit=PIECE_CHARACTERS, size=slack_size)
    rendered = IncrementalRenderer(SlackRenderer())
    return lambda text: splitter.split(rendered.render(text, allowed=lambda _: False, growing=True))


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
                begun = time.thread_time()
                show(text[:end])
                times.append(time.thread_time() - begun)
            total = sum(times)
            mean, most = 1_000 * total / len(times), 1_000 * max(times)
            share = mean / (1_000 * min(once(make(), text) for _ in range(ROUNDS)))
            print(f"{pattern:34}{name:12}{total:10.3f}{len(times):10}{mean:10.2f}{most:10.2f}{share:10.0%}")


def whole(text: str) -> None:
    """Print what it costs to parse and render an answer as a whole."""
    print(f"\n{f'an answer of {len(text):,} characters, whole':46}{'ms':>10}{'x bare':>10}")
    readers: Mapping[str, Read] = {
        "bare CommonMark": MarkdownIt("commonmark").enable("table").parse,
        "Discord": DiscordRenderer().render,
        "Slack": SlackRenderer().render,
        "playground": render_afresh,
    }
    best = {name: min(seconds(read, text) for _ in range(WHOLE_ROUNDS)) for name, read in readers.items()}
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


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--length", type=int, default=100_000, help="characters of each pattern")
    parser.add_argument("patterns", nargs="*", choices=[*PATTERNS, []], help="which ones; all if none is named")
    options = parser.parse_args()
    gc.disable()
    table_of_patterns(options.patterns or list(PATTERNS), options.length)
    whole(answer())
    table_of_showings(options.patterns or ["different-lines", "words", "table-long", "fence-unclosed-long", "brackets"])


if __name__ == "__main__":
    main()
