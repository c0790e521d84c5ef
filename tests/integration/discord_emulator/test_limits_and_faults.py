"""Rate limits, and what goes wrong on demand."""

from __future__ import annotations

import discord
import pytest

from tests.emulators.discord.faults import Kind
from tests.integration.discord_emulator.bots import discord_, joined, rest_of

MESSAGES = "/channels/{channel_id}/messages"


async def test_messages_and_their_edits_have_buckets_of_their_own_in_each_channel() -> None:
    async with discord_() as here, rest_of(here) as ask:
        home = here.guild("home", channels=("one", "two"))
        one, two = here.channel(home, "one"), here.channel(home, "two")
        for left in (4, 3, 2, 1, 0):
            status, made, headers = await ask("POST", f"/channels/{one.id}/messages", {"content": "x"})
            assert (status, headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"]) == (200, "5", str(left))
        status, body, headers = await ask("POST", f"/channels/{one.id}/messages", {"content": "x"})
        assert (status, body["global"], headers["X-RateLimit-Scope"]) == (429, False, "user")
        assert headers["Content-Type"] == "application/json"
        assert {"Via", "Retry-After", "X-RateLimit-Bucket"} <= set(headers)
        assert 0 < body["retry_after"] <= 5
        assert (await ask("POST", f"/channels/{two.id}/messages", {"content": "x"}))[0] == 200
        path = f"/channels/{one.id}/messages/{made['id']}"
        assert [(await ask("PATCH", path, {"content": str(n)}))[0] for n in range(6)] == [200] * 5 + [429]
        here.clock.advance(5)
        assert (await ask("POST", f"/channels/{one.id}/messages", {"content": "x"}))[0] == 200
        assert here.limits.refused == 2


async def test_discord_py_waits_by_the_headers_and_is_never_refused() -> None:
    async with discord_(limit_scale=0.05) as here:
        general = here.channel(here.guild("home"), "general")
        async with joined(here) as bot:
            for number in range(12):
                await bot.channel(general).send(str(number))
        assert here.transcript(general).texts == [str(number) for number in range(12)]
        assert here.recorder.statuses[429] == 0


async def test_fifty_requests_a_second_are_the_most_but_for_interactions() -> None:
    async with discord_(limit_scale=600) as here, rest_of(here) as ask:
        channels = [here.channel(here.guild("home"), str(number)) for number in range(11)]
        statuses = [(await ask("GET", f"/channels/{channel.id}/messages"))[0] for channel in channels for _ in range(5)]
        assert statuses == [200] * 50 + [429] * 5
        status, body, headers = await ask("GET", f"/channels/{channels[0].id}")
        assert (status, body["global"], headers["X-RateLimit-Global"]) == (429, True, "true")
        assert (await ask("POST", "/interactions/1/none/callback", {"type": 5}))[1]["code"] == 10062


async def test_edits_of_old_messages_have_a_limit_of_their_own() -> None:
    async with discord_(old_edits=2, limit_scale=0.001) as here, rest_of(here) as ask:
        general = here.channel(here.guild("home"), "general")
        _, made, _ = await ask("POST", f"/channels/{general.id}/messages", {"content": "x"})
        here.clock.advance(3601)
        answers = [
            await ask("PATCH", f"/channels/{general.id}/messages/{made['id']}", {"content": str(n)}) for n in range(3)
        ]
        assert [answer[0] for answer in answers] == [200, 200, 429]
        assert answers[2][1]["code"] == 30046


async def test_a_channel_is_renamed_twice_in_ten_minutes() -> None:
    async with discord_() as here, rest_of(here) as ask:
        general = here.channel(here.guild("home"), "general")
        here.allow(general, "manage_channels")
        statuses = [(await ask("PATCH", f"/channels/{general.id}", {"name": f"n{n}"}))[0] for n in range(3)]
        assert statuses == [200, 200, 429]
        here.clock.advance(600)
        assert (await ask("PATCH", f"/channels/{general.id}", {"name": "again"}))[0] == 200


async def test_too_many_invalid_requests_ban_the_address() -> None:
    async with discord_(invalid_requests=3) as here, rest_of(here) as ask:
        for _ in range(3):
            assert (await ask("GET", "/users/@me", token="wrong"))[0] == 401
        status, body, headers = await ask("GET", "/users/@me")
        assert (status, body, "Via" in headers) == (429, None, False)
        here.clock.advance(601)
        assert (await ask("GET", "/users/@me"))[0] == 200


async def test_limits_can_be_switched_off() -> None:
    async with discord_(limits=False) as here, rest_of(here) as ask:
        general = here.channel(here.guild("home"), "general")
        answers = [await ask("POST", f"/channels/{general.id}/messages", {"content": "x"}) for _ in range(60)]
        assert {answer[0] for answer in answers} == {200}
        assert "X-RateLimit-Limit" not in answers[0][2]


@pytest.mark.parametrize("kind", ["429", "429_global", "429_shared", "5xx", "delay", "html_502"])
async def test_discord_py_gets_a_message_through_each_passing_fault(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("discord.http.asyncio.sleep", _at_once)
    async with discord_() as here:
        general = here.channel(here.guild("home"), "general")
        async with joined(here) as bot:
            here.fault(kind, method="POST", template=MESSAGES, seconds=0.01)
            await bot.channel(general).send("hello")
        assert here.transcript(general).texts == ["hello"]
        assert here.faults.happened == [kind]
        assert here.requests_to("POST", MESSAGES)[0].fault == kind


async def _at_once(_: float) -> None:
    """Waiting between attempts is not what is tested."""


async def test_a_fault_waits_for_its_request_and_its_turn() -> None:
    async with discord_() as here, rest_of(here) as ask:
        general = here.channel(here.guild("home"), "general")
        here.fault("5xx", method="GET", template=MESSAGES, skip=1, times=2, status=503)
        assert (await ask("POST", f"/channels/{general.id}/messages", {"content": "x"}))[0] == 200
        statuses = [(await ask("GET", f"/channels/{general.id}/messages"))[0] for _ in range(4)]
        assert statuses == [200, 503, 503, 200]
        with pytest.raises(ValueError, match="there is no fault"):
            here.fault("meteor")  # type: ignore[arg-type]  # that is the point


async def test_a_ban_by_cloudflare_is_what_discord_py_does_not_retry() -> None:
    async with discord_() as here:
        general = here.channel(here.guild("home"), "general")
        async with joined(here) as bot:
            here.fault("429_cloudflare", method="POST")
            with pytest.raises(discord.HTTPException) as banned:
                await bot.channel(general).send("hello")
            assert banned.value.status == 429
