"""The client through a real gateway: litellm's proxy before the emulator (`make test-gateway`)."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.seed import Retries, SeedModel, SeedOptions, open_seed
from adapters.seed.protocols import WIRES
from adapters.seed.protocols.wire_parameters import WireName
from bot.errors import ModelAccessDenied, ModelRejected, Refused, StreamCut
from bot.types import Finish, Finished, TextDelta
from tests.emulators.seed import API_KEY, MODEL
from tests.integration.seed.test_emulator import ask, gather, reasoning_in, text_in, usage_in

ROOT = Path(__file__).parents[3]
LITELLM = ROOT / ".venv-gateway" / "bin" / "litellm"
START_SECONDS = 90.0
NO_NETWORK = "http://127.0.0.1:9"  # the discard port, where nobody listens: a proxy that lets nothing out

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not LITELLM.exists(), reason="litellm is not installed in .venv-gateway: make test-gateway"),
    pytest.mark.timeout(180),
]

every_wire = pytest.mark.parametrize("wire", [pytest.param(name, id=name) for name in WIRES])


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A running gateway, its key, and the control of the emulator behind it."""

    url: str
    key: str
    control: httpx.Client

    def fault(self, kind: str, **details: object) -> None:
        """Let a fault happen to the next request."""
        self.control.post("/faults", json={"kind": kind, **details}).raise_for_status()

    @property
    def requests(self) -> list[dict[str, object]]:
        """What has reached the emulator."""
        return list(self.control.get("/requests").json())


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder, key = tmp_path_factory.mktemp("gateway"), f"sk-{secrets.token_hex(32)}"
    with ExitStack() as stack:
        upstream = stack.enter_context(emulator())
        url = stack.enter_context(litellm_proxy(upstream, key, folder))
        control = stack.enter_context(httpx.Client(base_url=upstream.removesuffix("/v1") + "/_control"))
        yield Gateway(url=url, key=key, control=control)


@contextmanager
def emulator() -> Iterator[str]:
    """The emulator in a process of its own; yields its address."""
    command = [sys.executable, "-m", "tests.emulators.seed", "--port", "0"]
    with ended(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()


@contextmanager
def litellm_proxy(upstream: str, key: str, folder: Path) -> Iterator[str]:
    """The proxy in a process of its own, with nothing but loopback to talk to; yields its address."""
    config, log = folder / "config.json", folder / "log"  # YAML takes JSON
    config.write_text(json.dumps(configuration(upstream)), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LITELLM_MASTER_KEY": key,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_TELEMETRY": "False",
        "HTTP_PROXY": NO_NETWORK,
        "HTTPS_PROXY": NO_NETWORK,
        "NO_PROXY": "127.0.0.1",
    }
    command = [
        str(LITELLM),
        "--config",
        str(config),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--telemetry",
        "False",
    ]
    with log.open("wb") as file:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=file, stderr=file)
        with ended(process):
            until_ready(f"http://127.0.0.1:{port}", process, log)
            yield f"http://127.0.0.1:{port}"


@contextmanager
def ended(process: subprocess.Popen[Any]) -> Iterator[subprocess.Popen[Any]]:
    """Ends the process when the block is left."""
    with process:
        try:
            yield process
        finally:
            process.terminate()


def configuration(upstream: str) -> dict[str, object]:
    """One model behind the gateway, at `upstream`; the gateway tries nothing twice, so that our own tries are seen."""
    parameters = {"model": f"openai/{MODEL}", "api_base": upstream, "api_key": API_KEY}
    return {
        "model_list": [{"model_name": MODEL, "litellm_params": parameters}],
        "litellm_settings": {"telemetry": False, "num_retries": 0, "request_timeout": 30},
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
    }


def until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the proxy answers. Raises `AssertionError` with the end of its log when it does not."""
    deadline = time.monotonic() + START_SECONDS
    with httpx.Client(timeout=2) as client:
        while process.poll() is None and time.monotonic() < deadline:
            with suppress(httpx.HTTPError):
                if client.get(f"{url}/health/liveliness").status_code == 200:
                    return
            time.sleep(0.2)
    raise AssertionError(f"litellm did not start: ...{log.read_text(errors='replace')[-2_000:]}")


@asynccontextmanager
async def opened(gateway: Gateway, wire: WireName, *, key: str | None = None) -> AsyncIterator[SeedModel]:
    gateway.control.delete("/faults")
    options = SeedOptions(retries=Retries(first=0.05))
    async with open_seed(
        base_url=gateway.url, api_key=key or gateway.key, model=MODEL, wire=wire, options=options
    ) as model:
        yield model


@every_wire
async def test_an_answer_is_streamed_with_its_reasoning_and_usage(gateway: Gateway, wire: WireName) -> None:
    async with opened(gateway, wire) as model:
        events, error = await gather(model, ask("echo Grüße 🌱 an alle im Kanal", reasoning_effort="low"))
    assert error is None
    assert text_in(events) == "Grüße 🌱 an alle im Kanal"
    assert reasoning_in(events)
    assert sum(isinstance(event, TextDelta) for event in events) > 1
    assert events[-1] == Finished(Finish.STOP)
    told, counted = usage_in(events), gateway.requests[-1]
    assert (told.input, told.output, told.estimated) == (counted["input_tokens"], counted["output_tokens"], False)


async def test_parameters_of_seed_pass_through_on_chat(gateway: Gateway) -> None:
    """On the two other wires litellm drops what it does not know, so that they cannot be told."""
    asked = {"enable_thinking": False, "image_detail": "low", "video_fps": 0.5, "stop": ("NEVER",)}
    async with opened(gateway, "chat") as model:
        events, error = await gather(model, ask("echo Hi", **asked))
    assert error is None
    assert (text_in(events), reasoning_in(events)) == ("Hi", "")
    assert gateway.requests[-1]["parameters"] == asked | {"stop": "NEVER"}


@every_wire
async def test_a_busy_server_behind_the_gateway_is_asked_again(gateway: Gateway, wire: WireName) -> None:
    async with opened(gateway, wire) as model:
        for kind in ("http_500", "http_429", "cut_before_text"):
            gateway.fault(kind)
            before = len(gateway.requests)
            events, error = await gather(model, ask("echo Hi"))
            assert error is None
            assert text_in(events) == "Hi"
            assert len(gateway.requests) == before + 2


@every_wire
async def test_a_refusal_behind_the_gateway_is_a_refusal(gateway: Gateway, wire: WireName) -> None:
    async with opened(gateway, wire) as model:
        gateway.fault("sensitive_400")
        _, error = await gather(model, ask("echo Hi"))
    assert isinstance(error, Refused)


@every_wire
async def test_a_cut_behind_the_gateway_is_a_cut(gateway: Gateway, wire: WireName) -> None:
    async with opened(gateway, wire) as model:
        gateway.fault("error_in_stream", after=4)
        events, error = await gather(model, ask("count to 20", enable_thinking=False))
    assert isinstance(error, StreamCut)
    assert text_in(events).startswith("1, 2")


async def test_the_gateways_own_refusal_of_a_key_is_told(gateway: Gateway) -> None:
    async with opened(gateway, "chat", key="sk-wrong") as model:
        _, error = await gather(model, ask("echo Hi"))
    assert isinstance(error, ModelAccessDenied | ModelRejected)
    assert "sk-wrong" not in str(error)
