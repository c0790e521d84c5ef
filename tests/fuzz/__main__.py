"""Fuzzing of the stream parser and the three decoders: `python -m tests.fuzz --seconds 120`, or `make fuzz`.

Without `--json` the inputs are the streams themselves, to begin with those of the emulator; with it, they choose among
JSON values in the words of the wires. What is learned is kept in a folder for the next run. An input that breaks a rule
is written there and printed in a form that fits into tests/unit/seed/test_fuzzed.py.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]  # installed by `make fuzz` alone
import httpx
from hypothesis import given, settings

with atheris.instrument_imports(include=["adapters.seed"]):
    from tests.fuzz.stream_rules import WIRE_NAMES, check

from tests.emulators.seed import API_KEY, MODEL, Options, running_seed
from tests.emulators.seed.faults import KINDS
from tests.fuzz.json_streams import STREAMS

FOLDER = Path("build/fuzz")
MOST_BYTES = 8_192
PATHS = {"chat": "/chat/completions", "responses": "/responses", "messages": "/messages"}
WORDS = (
    "data: {", "event: ", '"choices":[{', '"delta":{"', '"content":', '"reasoning_content":', '"finish_reason":',
    '"usage":{', '"prompt_tokens":', '"cached_tokens":', '"error":', '"code":', '"status":', '"incomplete"', "[DONE]",
    '"type":"response.completed"', '"type":"response.output_text.delta"', '"type":"content_block_delta"',
    '"type":"message_delta"', '"annotations":[', '"url":"https://', '"tool_calls":[', '"cost_usd":', "null", "1e999",
    "<think>", "</think>", "\\ud83c", "\\udf31", "\r\n", "\n\n",
)  # fmt: skip


async def streams() -> list[bytes]:
    """Inputs to begin with: what the emulator sends on every wire, well and with each fault that ends by itself."""
    found = []
    async with running_seed(Options(sources="annotations")) as seed, httpx.AsyncClient(timeout=10) as client:
        for number, wire in enumerate(WIRE_NAMES):
            name = "input" if wire == "responses" else "messages"
            body: dict[str, Any] = {"model": MODEL, "max_tokens": 30, "stream": True, "enable_web_search": True}
            body[name] = [{"role": "user", "content": "echo Grüße 🌱"}]
            for kind in (None, *(kind for kind, (_, _) in KINDS.items() if kind not in {"reset", "silence"})):
                seed.faults.clear()
                if kind is not None:
                    seed.fault(kind, clean=True) if kind.startswith("cut") else seed.fault(kind)
                response = await client.post(seed.url + PATHS[wire], json=body, headers={"x-api-key": API_KEY})
                found.append(bytes([number, 255]) + response.content)
    return found


def prepare(folder: Path, inputs: Sequence[bytes]) -> tuple[Path, Path]:
    """The folder of inputs, filled, and the file of words."""
    corpus, words = folder / "corpus", folder / "words"
    corpus.mkdir(parents=True, exist_ok=True)
    for stream in inputs:
        (corpus / hashlib.sha256(stream).hexdigest()[:16]).write_bytes(stream)
    words.write_text("".join(f'"{escaped(word)}"\n' for word in WORDS), encoding="ascii")
    return corpus, words


def escaped(word: str) -> str:
    """As libFuzzer's dictionaries write it."""
    return "".join(char if char.isalnum() else f"\\x{ord(char):02x}" for char in word)


def one_input(data: bytes) -> None:
    """Check one input, and tell it when it breaks a rule."""
    try:
        check(data)
    except BaseException:
        print(f"\nBroken by: {data!r}", file=sys.stderr)
        raise


@settings(deadline=None, database=None)
@given(STREAMS)
def json_streams(data: bytes) -> None:
    """Check a stream that hypothesis wrote."""
    one_input(data)


def main() -> None:
    """Fuzz for a while; the exit code is 0 when every rule held."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--json", action="store_true", help="streams of JSON in unexpected places")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    asked = parser.parse_args()
    folder = asked.folder / ("json" if asked.json else "bytes")
    corpus, words = prepare(folder, [] if asked.json else asyncio.run(streams()))
    arguments = [
        f"-max_total_time={asked.seconds}",
        f"-max_len={MOST_BYTES}",
        f"-dict={words}",
        f"-artifact_prefix={folder}/",
        "-timeout=10",
        "-len_control=0",
        "-print_final_stats=1",
    ]
    target = json_streams.hypothesis.fuzz_one_input if asked.json else one_input  # type: ignore[attr-defined]  # hypothesis adds it
    atheris.Setup([sys.argv[0], *arguments, str(corpus)], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
