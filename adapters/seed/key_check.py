"""Check the API key before the bot says that it is ready."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence
from contextlib import aclosing
from typing import Final
from urllib.parse import urlsplit

from adapters.seed.api_errors import Problem, ProblemError, ProblemKind, to_error
from adapters.seed.catalogue import model_path
from adapters.seed.client import SeedModel
from bot.checks import Check
from bot.errors import ConfigError, ModelError
from bot.types import Entry, ModelRequest, ReasoningDelta, TextDelta

logger = logging.getLogger(__name__)

KEY_SECONDS: Final = 10.0
"""How long a start waits for what the server says of the key; each question waits for one that is away by itself."""

OK: Final = 200
UNAUTHORISED: Final = 401
KEY_CODE: Final = re.compile(
    r"(invalid|missing|incorrect|expired)[_ ]api[_ ]key|api key (is )?(not valid|expired)", re.IGNORECASE
)
NO_CATALOGUE: Final = frozenset({404, 405, 501})
NO_SUCH_MODEL: Final = re.compile(r"model_not_found|InvalidEndpointOrModel", re.IGNORECASE)


async def check_key(model: SeedModel, *, key_set: bool, seconds: float = KEY_SECONDS) -> None:
    """Ask the server for the model, which costs nothing. Raises `ConfigError` when it refuses the key.

    A refusal of the catalogue counts only if a question is refused as well, since some servers guard the two apart.
    Anything else that is wrong there is logged and stops nothing: it may be mended while the bot runs.
    """
    try:
        async with asyncio.timeout(seconds):
            problem = await _problem(model)
            refused = problem is not None and refuses_key(problem) and await _is_refused(model, problem)
    except TimeoutError:
        problem, refused = (
            Problem(kind=ProblemKind.BUSY, what=f"the model API said nothing for {seconds:g} seconds"),
            False,
        )
    if refused:
        raise ConfigError("SEED_API_KEY", _fix(model, key_set=key_set))
    if problem is not None and _is_worth_telling(problem):
        told = to_error(problem) if problem.status != OK else "the model API sent no JSON; check SEED_BASE_URL"
        logger.warning("%s (starting all the same; every question is tried)", told)


async def check_reachable(model: SeedModel) -> Sequence[Check]:
    """Return whether the server answers and takes the key, by asking it for the model, which costs nothing."""
    problem = await _problem(model)
    if problem is None:
        return [Check(name="model", ok=True, detail=model.name), Check(name="key", ok=True, detail="accepted")]
    if refuses_key(problem):
        fix = "put the account's key (sk-...) into SEED_API_KEY and start again"
        return [Check(name="key", ok=False, detail="the server refuses it", fix=fix)]
    if problem.status in NO_CATALOGUE and not _is_worth_telling(problem):
        return [Check(name="model", ok=True, detail=f"{model.name}; the server lists no models")]
    fix = "see that SEED_BASE_URL and SEED_MODEL are right and that the provider is not away"
    return [Check(name="model", ok=False, detail=str(to_error(problem)), fix=fix)]


def refuses_key(problem: Problem) -> bool:
    """Return whether this is said of the key, and not of the account, the model or the address."""
    words = f"{problem.code} {problem.detail}"
    return problem.status == UNAUTHORISED or (problem.kind is not ProblemKind.BUSY and bool(KEY_CODE.search(words)))


def _is_worth_telling(problem: Problem) -> bool:
    """Return whether a catalogue that cannot be read tells of trouble; many servers have none, or guard it."""
    if problem.status in NO_CATALOGUE:
        return bool(NO_SUCH_MODEL.search(problem.code))
    return not refuses_key(problem)


async def _problem(model: SeedModel) -> Problem | None:
    try:
        await model.http.get(model_path(model.name))
    except ProblemError as trouble:
        return trouble.problem
    return None


async def _is_refused(model: SeedModel, problem: Problem) -> bool:
    """Return whether the shortest question is refused like the catalogue was."""
    request = ModelRequest(
        system_prompt="Answer with one word.",
        entries=(Entry(role="user", text="Hello"),),
        parameters={"max_tokens": 16, "enable_thinking": False},
    )
    try:
        async with aclosing(model.stream(request)) as stream:
            async for event in stream:
                if isinstance(event, TextDelta | ReasoningDelta):
                    return False
    except ModelError as error:
        return error.status == problem.status
    return False


def _fix(model: SeedModel, *, key_set: bool) -> str:
    server = urlsplit(model.http.base_url).netloc.rpartition("@")[2]
    if not key_set:
        return f"must be set: {server} asks for a key"
    return f"is refused by {server}; put a key that is valid there into .env or the environment"
