"""What teaches a conversation how many tokens its texts are: only requests whose whole input was its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.context.tokens import estimate_entry, estimate_request, own_tokens
from bot.summary.model_requests import SummaryModel
from bot.types import (
    Entry,
    Finish,
    Finished,
    Media,
    ModelEvent,
    ModelRequest,
    Purpose,
    SearchStarted,
    Source,
    SourceFound,
    TextDelta,
    Usage,
    UsageReported,
)
from tests.fakes import KEY, ScriptedModel
from tests.house import House, metered, running

TALK = "word " * 1_600  # 2,000 tokens by the estimate
SEARCHED: dict[str, tuple[str, list[ModelEvent], Usage]] = {
    "a-search": ("/search what now?", [], Usage(input=60_000)),
    "tools-that-are-reported": ("what now?", [], Usage(input=60_000, tools={"mcp": 1})),
    "a-search-that-is-only-told": ("what now?", [SearchStarted("now")], Usage(input=60_000)),
    "sources-alone": ("what now?", [SourceFound(Source(url="https://a.example"))], Usage(input=60_000)),
    "a-repeated-request": ("what now?", [], Usage(input=60_000, requests=2)),
    "an-estimate": ("what now?", [], Usage(input=60_000, estimated=True)),
    "no-count": ("what now?", [], Usage(input=0)),
    "a-gateway-that-leaves-out-what-is-cached": ("what now?", [], Usage(input=12)),
    "a-gateway-with-a-prompt-of-its-own": ("what now?", [], Usage(input=200_000)),
}


def said(usage: Usage, *before: ModelEvent) -> Sequence[ModelEvent]:
    return [*before, TextDelta("So it is."), UsageReported(usage), Finished(Finish.STOP)]


def counted_well(house: House) -> None:
    """Let the model count every request as it was estimated, unless a script says otherwise."""
    stream = house.model.stream

    def counting(request: ModelRequest) -> object:
        if not house.model.scripts:
            size = estimate_request(request.system_prompt, map(estimate_entry, request.entries))
            house.model.scripts.append(said(Usage(input=size)))
        return stream(request)

    house.model.stream = counting  # type: ignore[method-assign,assignment]  # the same with a script


async def ratio_of(house: House) -> float:
    conversation = await house.store.get_conversation(KEY)
    assert conversation is not None
    return conversation.token_ratio


@pytest.mark.parametrize("name", SEARCHED)
async def test_what_was_not_only_ours_does_not_shrink_the_window(name: str) -> None:
    question, events, usage = SEARCHED[name]
    carried = []
    for odd in (False, True):
        async with running() as house:
            counted_well(house)
            for number in range(1, 8):
                await house.ask(TALK, number)
            if odd:
                house.model.scripts.append(said(usage, *events))
            await house.ask(question if odd else "what now?", 8)
            assert await ratio_of(house) == pytest.approx(1, abs=0.01)
            await house.ask("and then?", 9)
            carried.append(house.requests[-1].entries[0])
    assert carried[0] == carried[1]


async def test_our_own_requests_still_teach() -> None:
    async with running(said(Usage(input=4_500))) as house:
        await house.ask(TALK, 1)
        assert 1.3 < await ratio_of(house) < 1.7


def test_media_are_counted_by_rules_of_the_providers_own() -> None:
    picture = Media(kind="image", media_type="image/png", name="a.png", data=b"", tokens=1_280)
    request = ModelRequest(system_prompt="h", entries=(Entry(role="user", text="q", media=(picture,)),), parameters={})
    assert own_tokens(request, Usage(input=40_000)) is None
    bare = replace(request, entries=(Entry(role="user", text="q"),))
    assert own_tokens(bare, Usage(input=40)) == 40
    assert own_tokens(bare, None) is None


@pytest.mark.parametrize(
    ("usage", "ratio"),
    [
        pytest.param(Usage(input=30_000, tools={"web_search": 1}), 1.0, id="a-search"),
        pytest.param(Usage(input=30_000, requests=2), 1.0, id="asked-twice"),
        pytest.param(Usage(input=3_000), 1.19, id="ours"),
    ],
)
async def test_summaries_learn_by_the_same_rule(usage: Usage, ratio: float) -> None:
    text = TextDelta("Headline: h\nMain points\n- p [1]")
    script: list[ModelEvent] = [text, UsageReported(usage), Finished(Finish.STOP)]
    model, bill = await metered(ScriptedModel(script), Purpose.SUMMARY)
    asker = SummaryModel(model=model, bill=bill)
    await asker.ask(Entry(role="user", text=TALK), points=3)
    assert asker.gauge.ratio == pytest.approx(ratio, abs=0.05)
