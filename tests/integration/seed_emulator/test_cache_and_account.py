"""The prefix cache, prices, the account and the limits per minute."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pricing import SEED_CARD
from tests.emulators.clock import MovableClock
from tests.emulators.seed import MODEL
from tests.emulators.seed.cache import MINIMUM_TOKENS, PrefixCache
from tests.emulators.seed.options import CachedPrice, CostPlace
from tests.integration.seed_emulator.asking import Asker, asking

LONG = "word " * 2_500


def turns(*texts: str) -> list[dict[str, str]]:
    """A conversation that begins with a long system message."""
    said = [{"role": "user" if place % 2 == 0 else "assistant", "content": text} for place, text in enumerate(texts)]
    return [{"role": "system", "content": LONG}, *said]


async def cached(seed: Asker, *texts: str, **fields: Any) -> int:
    """How many tokens of this conversation came from the cache."""
    body = await seed.ask("", messages=turns(*texts), **{"enable_caching": True, **fields})
    return int(body["usage"]["prompt_tokens_details"]["cached_tokens"])


async def test_a_repeated_beginning_comes_from_the_cache(seed: Asker) -> None:
    assert await cached(seed, "echo one") == 0
    assert await cached(seed, "echo one", "one", "echo two") == 2 * MINIMUM_TOKENS
    assert await cached(seed, "echo three") == 2 * MINIMUM_TOKENS


async def test_a_short_prompt_is_never_cached(seed: Asker) -> None:
    for _ in range(2):
        body = await seed.ask("echo " + "word " * 900, enable_caching=True)
        assert body["usage"]["prompt_tokens"] < MINIMUM_TOKENS
        assert body["usage"]["prompt_tokens_details"] == {"cached_tokens": 0}


async def test_the_cache_lives_ten_minutes_from_its_last_use(seed: Asker) -> None:
    assert await cached(seed, "echo one") == 0
    for seconds, hit in ((599, True), (599, True), (601, False)):
        seed.seed.clock.advance(seconds)
        assert bool(await cached(seed, "echo one")) is hit


@pytest.mark.parametrize("change", [{"enable_thinking": False}, {"enable_web_search": True}], ids=["thinking", "tools"])
async def test_another_setting_at_the_beginning_misses_the_cache(seed: Asker, change: dict[str, bool]) -> None:
    await cached(seed, "echo one")
    assert await cached(seed, "echo one", **change) == 0


async def test_only_requests_that_ask_for_it_use_the_cache_unless_it_is_implicit() -> None:
    for implicit, hit in ((False, 0), (True, 2 * MINIMUM_TOKENS)):
        async with asking(implicit_cache=implicit) as seed:
            await cached(seed, "echo one", enable_caching=False)
            assert await cached(seed, "echo one", enable_caching=False) == hit


@given(st.integers(0, 5_000), st.integers(0, 5_000), st.sampled_from([64, 256, 1_024]))
def test_a_hit_is_the_common_beginning_in_whole_blocks(common: int, rest: int, block: int) -> None:
    cache = PrefixCache(MovableClock(), block_tokens=block)
    first = [str(number) for number in range(common)] + ["a"] * rest
    second = first[:common] + ["b"] * rest
    assert cache.take(first) == 0
    hit = cache.take(second)
    shared = min(common, len(second) - 1) // block * block
    assert hit == (shared if shared >= MINIMUM_TOKENS else 0)


def test_the_cache_is_never_the_whole_prompt() -> None:
    cache = PrefixCache(MovableClock())
    tokens = ["a"] * 2_048
    assert (cache.take(tokens), cache.take(tokens)) == (0, 1_024)


async def test_the_three_wires_tell_cached_tokens(seed: Asker) -> None:
    question = "echo " + LONG
    for _ in range(2):
        chat = await seed.ask(question, enable_caching=True, enable_thinking=False)
    responses = await seed.ask(question, "responses", enable_caching=True, enable_thinking=False)
    messages = await seed.ask(question, "messages", enable_caching=True, enable_thinking=False)
    hit = chat["usage"]["prompt_tokens_details"]["cached_tokens"]
    assert hit == 2 * MINIMUM_TOKENS
    assert responses["usage"]["input_tokens_details"]["cached_tokens"] == hit
    assert messages["usage"]["cache_read_input_tokens"] == hit
    assert messages["usage"]["input_tokens"] == chat["usage"]["prompt_tokens"] - hit


@pytest.mark.parametrize(
    ("prompt", "tier"), [pytest.param(127_000, 0, id="below-the-boundary"), pytest.param(129_000, 1, id="above")]
)
async def test_the_tier_of_the_prompt_prices_the_whole_request(seed: Asker, prompt: int, tier: int) -> None:
    body = await seed.ask("count to 9 " + "word " * prompt)
    price = SEED_CARD.tiers[tier]
    used = body["usage"]
    cost = (used["prompt_tokens"] * price.input + used["completion_tokens"] * price.output) / 1_000_000
    assert seed.seed.account.events[-1].cost == cost
    assert seed.seed.account.balance == 100 - cost


@pytest.mark.parametrize("place", ["usage.cost_usd", "cost_usd", "usage.cost"])
async def test_the_cost_stands_where_the_option_says(place: CostPlace) -> None:
    async with asking(cost=place) as seed:
        for body in (
            await seed.ask("count to 9"),
            (await seed.events("count to 9"))[-2].data,
            await seed.ask("count to 9", "responses"),
            await seed.ask("count to 9", "messages"),
            (await seed.events("count to 9", "messages"))[-2].data,
        ):
            found = body["usage"][place.removeprefix("usage.")] if "." in place else body[place]
            assert found == pytest.approx(float(seed.seed.account.events[-1].cost))


@pytest.mark.parametrize(("price", "share"), [("full", 1), ("hidden", "0.2"), ("published", "0.2")])
async def test_cached_tokens_cost_what_the_option_says(price: CachedPrice, share: str) -> None:
    async with asking(cached_price=price) as seed:
        await cached(seed, "echo one")
        hit = await cached(seed, "echo one")
        event = seed.seed.account.events[-1]
        tier = SEED_CARD.tiers[0]
        fresh = event.usage.input - hit
        cost = fresh * tier.input + hit * tier.input * Decimal(share) + event.usage.output * tier.output
        assert event.cost == cost / 1_000_000
        rows = (await seed.client.get(f"/models/{MODEL}")).json()["pricing_rows"]
        assert any(row["type"] == "cached_input" for row in rows) is (price == "published")


async def test_prices_are_told_in_each_shape() -> None:
    async with asking(pricing="rows") as seed:
        rows = (await seed.client.get(f"/models/{MODEL}")).json()["pricing_rows"]
        assert [row["price"] for row in rows] == [0.31, 2.5, 0.62, 5.0]
    async with asking(pricing="rows_per_token") as seed:
        rows = (await seed.client.get(f"/models/{MODEL}")).json()["pricing_rows"]
        assert [Decimal(row["price"]) * 1_000_000 for row in rows] == [
            Decimal(item) for item in ("0.31", "2.5", "0.62", "5")
        ]
    async with asking(pricing="pricing") as seed:
        body = (await seed.client.get(f"/models/{MODEL}")).json()
        assert body["pricing"] == {"prompt": "0.00000031", "completion": "0.0000025"}
    async with asking(pricing="none") as seed:
        assert not (await seed.client.get("/models")).json()["data"][0].keys() & {"pricing", "pricing_rows"}


async def test_the_account_tells_balance_and_events_newest_first(seed: Asker) -> None:
    for number in range(3):
        await seed.ask(f"count to {number}")
    await seed.post("echo hello", max_tokens=0)
    page = (await seed.client.get("/account/usage")).json()
    assert page["balance"]["amount"] == pytest.approx(float(seed.seed.account.balance))
    assert [event["status"] for event in page["data"]] == ["error", "success", "success", "success"]
    spent = sum(event["cost"]["amount"] for event in page["data"])
    assert spent + page["balance"]["amount"] == pytest.approx(100)
    first = (await seed.client.get("/account/usage", params={"limit": 1, "status": "success"})).json()
    assert (len(first["data"]), first["has_more"]) == (1, True)
    rest = (await seed.client.get("/account/usage", params={"before": first["data"][0]["id"]})).json()
    assert len(rest["data"]) == 2


async def test_the_account_can_be_asked_for_a_span_of_time(seed: Asker) -> None:
    await seed.ask("count to 1")
    seed.seed.clock.advance(3_600)
    middle = seed.seed.clock.now().isoformat()
    await seed.ask("count to 2")
    for name, count in (("from", 1), ("to", 1)):
        page = (await seed.client.get("/account/usage", params={name: middle})).json()
        assert len(page["data"]) == count


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "from=yesterday", "before=nothing", "to=2026-01-01"])
async def test_a_malformed_question_about_the_account_is_refused(seed: Asker, query: str) -> None:
    assert (await seed.client.get(f"/account/usage?{query}")).status_code == 400


async def test_without_credits_nothing_is_answered() -> None:
    async with asking(balance=Decimal("0.0001")) as seed:
        assert (await seed.post("write 100 words")).status_code == 200
        response = await seed.post("write 100 words")
        assert response.status_code == 402
        assert response.json()["error"]["code"] == "insufficient_credits"
        seed.seed.account.balance = Decimal(1)
        assert (await seed.post("write 100 words")).status_code == 200


async def test_the_minute_limits_of_the_account_hold_by_its_clock() -> None:
    async with asking(rpm=2) as seed:
        assert [(await seed.post("echo x")).status_code for _ in range(3)] == [200, 200, 429]
        seed.seed.clock.advance(61)
        assert (await seed.post("echo x")).status_code == 200
    async with asking(tpm=100) as seed:
        assert [(await seed.post("write 99 words")).status_code for _ in range(2)] == [200, 429]


async def test_an_answer_that_breaks_off_is_billed_as_far_as_it_was_written(seed: Asker) -> None:
    seed.seed.fault("cut_after", after=10)
    with pytest.raises(httpx.RemoteProtocolError):
        await seed.events("write 100 words", enable_thinking=False)
    record = seed.seed.requests[-1]
    assert record.usage is not None
    assert (record.usage.output, record.finished, record.disconnected) == (10, False, False)
    assert seed.seed.account.events[-1].usage == record.usage


async def test_a_client_that_leaves_is_noticed_and_pays_for_what_was_written(seed: Asker) -> None:
    seed.seed.fault("silence", after=5)
    body = {"model": MODEL, "messages": [{"role": "user", "content": "write 100 words"}], "stream": True}
    async with seed.client.stream("POST", "/chat/completions", json=body) as response:
        lines = (line async for line in response.aiter_lines() if line)
        for _ in range(5):
            await anext(lines)
    await seed.seed.settled()
    record = seed.seed.requests[-1]
    assert record.usage is not None
    assert (record.usage.output, record.finished, record.disconnected) == (5, False, True)
