"""The emulator's own command."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal

import httpx
import pytest

from tests.emulators.seed import API_KEY, MODEL, Options
from tests.emulators.seed.__main__ import make_parser
from tests.emulators.seed.server import seed_process


def test_every_option_can_be_given_and_has_its_default() -> None:
    given = vars(make_parser().parse_args([]))
    assert {name: given[name] for name in asdict(Options())} == asdict(Options())
    line = (
        "--shape openai --balance 2.5 --rpm 50 --implicit-cache --reject stop,presence_penalty --tokens-per-second 80"
    )
    chosen = make_parser().parse_args(line.split())
    assert (chosen.shape, chosen.balance, chosen.rpm, chosen.implicit_cache) == ("openai", Decimal("2.5"), 50, True)
    assert (chosen.reject, chosen.tokens_per_second) == (("stop", "presence_penalty"), 80.0)


def test_an_unknown_choice_ends_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        make_parser().parse_args(["--shape", "round"])
    assert "ark" in capsys.readouterr().err


async def test_the_command_serves_on_a_free_port_until_it_is_ended() -> None:
    body = {"model": MODEL, "messages": [{"role": "user", "content": "echo hello"}]}
    async with httpx.AsyncClient(headers={"x-api-key": API_KEY}) as client:
        async with seed_process("--port", "0", "--fault", "http_429,retry_after=1") as url:
            assert (await client.post(f"{url}/chat/completions", json=body)).status_code == 429
            answer = (await client.post(f"{url}/chat/completions", json=body)).json()
            assert answer["choices"][0]["message"]["content"] == "hello"
        with pytest.raises(httpx.ConnectError):
            await client.get(f"{url}/models")
