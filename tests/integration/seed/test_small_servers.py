"""Small servers behind the real client: asked how much they take, and talked with for longer than that."""

from __future__ import annotations

import base64
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
from anyio.from_thread import start_blocking_portal

from adapters.local import LocalServer, find_weights, open_local
from adapters.seed import SeedModel, SeedOptions, open_seed
from bot.app.models import open_model
from bot.context.system_prompt import Abilities, system_prompt
from bot.context.tokens import estimate
from bot.context.view import WindowLimits
from bot.pricing import FREE_CARD
from bot.settings import Settings
from bot.types import TurnState
from tests.emulators.seed import Options, running_seed
from tests.emulators.seed.options import API_KEY
from tests.fakes import PLACE
from tests.house import House, running

TALK = "word " * 1_200
SLOT_TOKENS = 1_536


@asynccontextmanager
async def opened(url: str, **settings: object) -> AsyncIterator[SeedModel]:
    """The model as the bot opens it."""
    known = {"seed_base_url": url, "seed_api_key": API_KEY, **settings}
    async with open_model(Settings(_env_file=None, **known)) as (model, _):  # type: ignore[arg-type]  # settings by name
        yield model


@asynccontextmanager
async def talking(model: SeedModel) -> AsyncIterator[House]:
    """A whole core with that model."""
    async with running() as house:
        house.model = model  # type: ignore[assignment]  # the real one
        house.open()
        yield house


async def test_a_server_is_asked_how_much_it_takes() -> None:
    async with running_seed(Options(context_tokens=6_000)) as seed, opened(seed.url) as model:
        assert model.context_tokens == 6_000


async def test_a_setting_wins_over_what_the_server_tells() -> None:
    async with (
        running_seed(Options(context_tokens=6_000)) as seed,
        opened(seed.url, seed_context_tokens=5_000) as model,
    ):
        assert model.context_tokens == 5_000


@pytest.mark.parametrize("believed", [pytest.param(None, id="told"), pytest.param(256_000, id="set-wrongly")])
async def test_a_long_talk_with_a_small_server_goes_on(believed: int | None) -> None:
    """Set wrongly, the server has to refuse; like ModelArk it names no numbers (API reference, section 6)."""
    async with (
        running_seed(Options(context_tokens=6_000)) as seed,
        opened(seed.url, seed_context_tokens=believed) as model,
        talking(model) as house,
    ):
        for number in range(1, 9):
            settlement = await house.ask(TALK, number)
            assert settlement.state is TurnState.DONE, settlement.draft.notices


async def test_a_question_that_no_small_server_takes_is_told_so() -> None:
    async with (
        running_seed(Options(context_tokens=3_000)) as seed,
        opened(seed.url, seed_context_tokens=256_000) as model,
        talking(model) as house,
    ):
        settlement = await house.ask(TALK * 4)
    assert settlement.state is TurnState.FAILED
    assert settlement.draft.notices[0].startswith("That question is about")


# ---------------------------------------------------------------- the embedded model

THAI = "ภาษาไทยเป็นภาษาที่มีระดับเสียงของคำแน่นอนหรือวรรณยุกต์เช่นเดียวกับภาษาจีน และออกเสียงแยกคำต่อคำ "


def repeated(text: str) -> Callable[[int], str]:
    return lambda characters: (text * (characters // len(text) + 1))[:characters]


def key(characters: int) -> str:
    return base64.b64encode(random.Random(1).randbytes(characters)).decode()[:characters]


def digits(characters: int) -> str:
    return "".join(random.Random(1).choices("0123456789", k=characters))


TEXTS = {"thai": repeated(THAI), "base64": key}


@pytest.fixture(scope="module")
def small_model() -> Iterator[LocalServer]:
    """The embedded model with a part of its context, since reading takes it a second for some hundred tokens."""
    if find_weights() is None:
        pytest.skip("the embedded model's weights are not installed")
    opened = open_local(slots=1, context_tokens=SLOT_TOKENS)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(opened) as server:
        yield server


@pytest.mark.local_model
@pytest.mark.timeout(300)  # a thousand tokens are read in ten seconds on a quiet machine
@pytest.mark.parametrize("share", [pytest.param(0.65, marks=pytest.mark.slow), 0.90])
@pytest.mark.parametrize("name", TEXTS)
async def test_dense_texts_are_answered_or_refused_with_that_reason(
    small_model: LocalServer, name: str, share: float
) -> None:
    """Of what a question may have by the estimate, then of the whole context; real tokens are up to thrice as many."""
    options = SeedOptions(context_tokens=small_model.context_tokens, longest_answer=4, fallback_card=FREE_CARD)
    opened = open_seed(base_url=small_model.base_url, api_key=None, model=small_model.model_name, options=options)
    async with opened as model, talking(model) as house:
        house.patience = 120
        limits = WindowLimits(context_tokens=model.context_tokens, max_tokens=8_192, card=FREE_CARD)
        room = limits.prompt - estimate(system_prompt(None, place=PLACE, abilities=Abilities(brief=True)))
        for number, tokens in enumerate((share * room, share * model.context_tokens), 1):
            settlement = await house.ask(sized(TEXTS[name], int(tokens)), number)
            if settlement.state is not TurnState.DONE:
                assert settlement.draft.notices[0].startswith("That question is about")
                assert "at most" in settlement.draft.notices[0]


def sized(text: Callable[[int], str], tokens: int) -> str:
    """So much of a text as the estimate takes for so many tokens."""
    return text(int(tokens * 1_000 / estimate(text(1_000))))


@pytest.mark.local_model
async def test_the_embedded_models_server_tells_what_a_slot_takes(small_model: LocalServer) -> None:
    opened_ = opened(small_model.base_url, seed_model=small_model.model_name, seed_api_key=None)
    async with opened_ as model:
        assert model.context_tokens == SLOT_TOKENS
