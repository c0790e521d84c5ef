"""Context size of a server, prompt and answer together: set, told by the server, or learned from a refusal."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from adapters.seed import json_coerce
from adapters.seed.api_errors import ProblemError
from adapters.seed.catalogue import model_rows, row_of

if TYPE_CHECKING:
    from adapters.seed.client import SeedModel

logger = logging.getLogger(__name__)

# What Seed 2.0 Lite takes for sure: one of its two snapshots takes 224,000 tokens of input (fact sheet, section 11).
ASSUMED_TOKENS: Final = 224_000
LEAST: Final = 256  # smaller figures mean something else, or nothing
MOST: Final = 100_000_000

# In the words of the gateway, OpenRouter, Groq, vLLM, LM Studio, Mistral, Ark, Anthropic, Gemini and llama.cpp.
SIZE_FIELDS: Final = (
    "context_length",
    "context_window",
    "context_size",
    "max_model_len",
    "max_context_length",
    "max_context_tokens",
    "max_context_window_tokens",
    "loaded_context_length",
    "max_sequence_length",
    "max_input_tokens",
    "max_input_token_length",
    "max_prompt_tokens",
    "input_token_limit",
    "inputTokenLimit",
    "n_ctx",
    "n_ctx_train",
)
HOLDERS: Final = ("meta", "limits", "capabilities", "top_provider", "model_info", "metadata", "token_limits")
DEPTH: Final = 2  # holders in holders, as in capabilities.limits

FIRST_ANSWER_SECONDS: Final = 5.0  # how long a start waits to be told
HOUR: Final = 3600.0
AGAIN_SECONDS: Final = 60.0  # until the server that was away is asked again

_NUMBER = re.compile(r"(\d[\d,_]*(?:\.\d+)?)\s*([km]?)", re.IGNORECASE)
_SCALES = {"": 1, "k": 1_000, "m": 1_000_000}  # "128K" in the smaller reading


class ContextSize:
    """The size in force: what the operator set, else what the server tells, else an assumption.

    A refusal that names a smaller one is believed over all of them, until the server tells another figure.
    """

    def __init__(self, fixed: int | None = None) -> None:
        self._fixed = fixed
        self._told: int | None = None
        self._refused: int | None = None

    @property
    def tokens(self) -> int:
        """The tokens that a request and its answer may have together."""
        size = self._fixed or self._told or ASSUMED_TOKENS
        return size if self._refused is None else min(size, self._refused)

    @property
    def is_fixed(self) -> bool:
        """Return whether the operator, or the embedded model, says how large it is."""
        return self._fixed is not None

    def tell(self, told: int | None) -> None:
        """Take in what the server tells of itself."""
        if told is None:
            return
        if self._told is not None and told != self._told:
            self._refused = None  # another server, or the same with other settings
        self._told = told

    def refuse(self, most: int | None) -> None:
        """Take in the size that a refusal names."""
        if most is not None and LEAST <= most < self.tokens:
            logger.warning(
                "the context of the model is smaller than assumed", extra={"tokens": most, "assumed": self.tokens}
            )
            self._refused = most


def size_in(body: object, depth: int = DEPTH) -> int | None:
    """Return the smallest size that a model's row tells, in any of the shapes that servers use; None for none."""
    fields = json_coerce.mapping(body)
    found = [size for name in SIZE_FIELDS if (size := _size(fields.get(name))) is not None]
    if depth:
        found += [size for name in HOLDERS if (size := size_in(fields.get(name), depth - 1)) is not None]
    return min(found, default=None)


def size_in_props(props: object) -> int | None:
    """Return the tokens of one slot of llama.cpp, as its `/props` tell it; None where they do not.

    Slots share the server's context: the figure among the default settings is that of one, the one beside them is
    that of all (llama.cpp, tools/server/README.md).
    """
    fields: Mapping[str, Any] = json_coerce.mapping(props)
    slot = _size(json_coerce.mapping(fields.get("default_generation_settings")).get("n_ctx"))
    whole = _size(fields.get("n_ctx"))
    if slot is not None or whole is None:
        return slot
    return _size(whole // max(1, json_coerce.count(fields.get("total_slots")) or 1))


async def ask_size(model: SeedModel) -> bool:
    """Ask the server how much it takes; whether it answered at all. Raises nothing."""
    try:
        rows = await model_rows(model.http, model.name)
    except ProblemError as trouble:
        logger.info(
            "the server does not say its context size",
            extra={"status": trouble.problem.status, "code": trouble.problem.code},
        )
        return trouble.problem.status is not None
    row = row_of(rows, model.name) or (rows[0] if len(rows) == 1 else None)  # llama.cpp answers to any name
    told = size_in(row)
    if told is None or json_coerce.mapping(row).get("meta"):
        slot = await _slot_size(model)
        told = slot if told is None else min(told, slot or told)
    model.context.tell(told)
    return True


async def _slot_size(model: SeedModel) -> int | None:
    try:
        return size_in_props(await model.http.get_at_root("/props"))
    except ProblemError:
        return None


@asynccontextmanager
async def watched_size(model: SeedModel) -> AsyncIterator[None]:
    """Ask the server at once, waiting a little for its answer, and every hour as long as this lasts."""
    if model.context.is_fixed:
        yield
        return
    answered = await _first_answer(model)
    task = asyncio.create_task(_watch(model, answered=answered), name="context size")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _first_answer(model: SeedModel) -> bool:
    try:
        async with asyncio.timeout(FIRST_ANSWER_SECONDS):
            return await ask_size(model)
    except TimeoutError:
        return False


async def _watch(model: SeedModel, *, answered: bool) -> None:
    while True:
        await model.options.surroundings.sleep(HOUR if answered else AGAIN_SECONDS)
        answered = await ask_size(model)


def _size(raw: object) -> int | None:
    """Return a figure as tokens: a number, "8192", "128K"; None for what cannot be a size."""
    if isinstance(raw, str):
        found = _NUMBER.fullmatch(raw.strip()[:20])
        size = float(re.sub("[,_]", "", found[1])) * _SCALES[found[2].lower()] if found else None
    else:
        size = json_coerce.count(raw)
    return int(size) if size is not None and LEAST <= size <= MOST else None
