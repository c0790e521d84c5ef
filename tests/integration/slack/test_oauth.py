"""Many workspaces: installed by people, told apart, their tokens encrypted, renewed once, and forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
from slack_sdk.oauth.installation_store.models.bot import Bot
from yarl import URL

from adapters.slack.api.workspace import Origin
from adapters.slack.oauth.install_pages import States
from adapters.slack.oauth.installation_store import Installations, cipher_of
from bot.one_time_secrets import PENDING
from storage.in_memory.store import MemoryStore
from tests.emulators.slack import Options, Workspace, running_slack
from tests.emulators.slack.options import CLIENT_ID, CLIENT_SECRET
from tests.fakes import ManualClock, words
from tests.integration.slack.scene import PATIENCE_S, Scene, now, scene

SECRET = "a secret key of the operator"
MANY: dict[str, Any] = {"bot_token": None, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "secret_key": SECRET}


@dataclass
class Browser:
    """Somebody's browser on the pages of the bot."""

    session: aiohttp.ClientSession
    url: str
    play: Scene

    async def install(self, workspace: Workspace | None = None) -> str:
        state = await self.begin()
        code = await self.code(workspace)
        return await self.end(code=code, state=state)

    async def begin(self) -> str:
        async with self.session.get(f"{self.url}/slack/install", allow_redirects=False) as response:
            assert response.status == 302
            query = parse_qs(urlsplit(response.headers["Location"]).query)
            assert "chat:write" in query["scope"][0].split(",")
            return query["state"][0]

    async def code(self, workspace: Workspace | None = None) -> str:
        return await self.play.slack.authorise(self.play.slack.ada, "", team=workspace)

    async def end(self, **query: str) -> str:
        async with self.session.get(f"{self.url}/slack/oauth_redirect", params=query) as response:
            return f"{response.status} {await response.text()}"


@asynccontextmanager
async def browser(play: Scene) -> AsyncIterator[Browser]:
    port = await asyncio.wait_for(play.platform.port(), PATIENCE_S)
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        yield Browser(session, f"http://127.0.0.1:{port}", play)


async def test_an_installed_workspace_is_answered_and_an_uninstalled_one_is_forgotten() -> None:
    store = MemoryStore(clock=now)
    async with scene(words("Hello."), store=store, **MANY) as play, browser(play) as someone:
        slack = play.slack
        assert "200" in await someone.install()
        question = await slack.say(slack.ada, slack.general, f"{slack.mention()} hi")
        await play.settled()
        assert "Hello." in play.answers(question)[0]
        await slack.say(slack.ben, slack.general, "and you?", thread_ts=question.ts)
        await play.settled()
        assert len(slack.calls("auth.test")) == 1  # not for every event
        assert slack.team.token not in str(await store.list_state("slack"))
        assert await store.list_state("slack", prefix="installation/")
        (installed,) = await store.audit_trail(since=now() - timedelta(days=1), limit=9)
        assert (installed.action, installed.place) == ("install", f"slack/{slack.team.id}")
        await slack.uninstall(slack.team)
        await play.settled()
        assert not await store.list_state("slack", prefix="installation/")
        trail = await store.audit_trail(since=now() - timedelta(days=1), within=f"slack/{slack.team.id}", limit=9)
        told = [(item.action, item.who) for item in trail]
        assert told == [("install", f"slack/{slack.ada.id}"), ("uninstall", "slack")], (
            "of the two events one is recorded"
        )


async def test_a_link_works_once_and_in_the_browser_that_began() -> None:
    async with scene(**MANY) as play, browser(play) as someone, browser(play) as other:
        state = await someone.begin()
        assert "400" in await other.end(code=await other.code(), state=state)
        assert "400" in await someone.end(code=await someone.code(), state="made-up")
        assert "200" in await someone.end(code=await someone.code(), state=state)
        assert "400" in await someone.end(code=await someone.code(), state=state)
        state = await someone.begin()
        assert "Nothing was installed" in await someone.end(error="access_denied", state=state)
        state = await someone.begin()
        assert "502" in await someone.end(code="wrong", state=state)


async def test_a_state_is_used_up_by_one_process_and_does_not_last() -> None:
    store, clock = MemoryStore(clock=now), ManualClock()
    states = States(store, clock)
    first, second = await states.issue(), await states.issue()
    assert await states.use_up(first)
    assert not await states.use_up(first)
    clock.advance(601)
    assert not await states.use_up(second)
    await states.issue()
    assert len(await store.list_state("slack", prefix="state/")) == 1


async def test_what_is_kept_of_installations_that_never_end_has_a_bound() -> None:
    store, clock = MemoryStore(clock=now), ManualClock()
    states = States(store, clock)
    for _ in range(PENDING * 3):
        newest = await states.issue()
        clock.advance(0.01)
    kept = await store.list_state("slack", prefix="state/")
    assert len(kept) == PENDING
    assert newest not in str(kept)
    assert await states.use_up(newest)


ADDRESSES = {
    "/slack/install": {"GET": 302},
    "/slack/oauth_redirect": {"GET": 400},
    "/healthz": {"GET": 200, "HEAD": 200},
}
NOWHERE = ["/", "/slack", "/slack/events", "//slack/install", "/SLACK/install", "/slack/install/", "/metrics", "/login"]


async def test_every_address_has_its_methods_and_nothing_else_is_there() -> None:
    async with scene(**MANY) as play, browser(play) as someone:
        store = play.store
        for path in (*ADDRESSES, *NOWHERE):
            for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"):
                before = await store.list_state("slack")
                url = URL(someone.url + path, encoded=True)
                async with someone.session.request(method, url, allow_redirects=False) as response:
                    expected = ADDRESSES.get(path, {}).get(method, 405 if path in ADDRESSES else 404)
                    assert response.status == expected, (method, path)
                    if expected == 405:
                        assert set(response.headers["Allow"].replace(" ", "").split(",")) == set(ADDRESSES[path])
                if response.status >= 400:
                    assert await store.list_state("slack") == before, (method, path)


async def test_nothing_of_one_workspace_reaches_another() -> None:
    async with scene(words("For the first."), words("For the second."), **MANY) as play, browser(play) as someone:
        slack = play.slack
        second = slack.workspace("Second")
        await someone.install()
        await someone.install(second)
        zoe = slack.person("Zoe", team=second)
        place = slack.channel("second-place", zoe, team=second)
        question = await slack.say(slack.ada, slack.general, f"{slack.mention()} hi")
        await play.settled()
        there = await slack.say(zoe, place, f"<@{second.bot.id}> hi")
        await play.settled()
        assert "For the first." in play.answers(question)[0]
        assert "For the second." in play.answers(there)[0]
        assert play.answers(question)[1:] == play.answers(there)[1:] == []
        teams = {call.team for call in slack.calls("users.info") if call.arguments["user"] == zoe.id}
        assert teams == {second.id}
        answer = slack.answers(place, there.ts)[0]
        forged = {"value": answer.blocks[-1]["elements"][0]["positive_button"]["value"]} if answer.blocks else {}
        assert forged  # a turn of the second workspace, pressed in the first one
        before = len(play.model.asked)
        mine = slack.answers(slack.general, question.ts)[0]
        for block in mine.blocks:
            for element in block.get("elements", []):
                if element.get("action_id") == "seedling_regenerate":
                    element["value"] = forged["value"].partition(":")[0]
        await slack.press(slack.ada, mine, "seedling_regenerate")
        await play.settled()
        assert len(play.model.asked) == before


async def test_an_expiring_token_is_renewed_once_however_many_processes_want_it() -> None:
    store = MemoryStore(clock=now)
    emulator = Options(limits=False, token_lifetime_s=43_200)
    async with scene(words("Hi."), store=store, emulator=emulator, **MANY) as play, browser(play) as someone:
        slack = play.slack
        await someone.install()
        installations = Installations(store, cipher_of(SECRET))
        bot = await installations.async_find_bot(enterprise_id=None, team_id=slack.team.id)
        assert bot is not None
        bot.bot_token_expires_at = round(now().timestamp()) + 3_600  # eleven hours later
        await installations.async_save_bot(bot)
        async with scene(slack=slack, store=store, listens=False, **MANY) as other:
            origin = Origin(team=slack.team.id)
            await asyncio.gather(*(item.platform._workspaces.get(origin) for item in (play, other) * 4))
            renewals = [call for call in slack.calls("oauth.v2.access") if "grant_type" in call.arguments]
            assert [renewal.ok for renewal in renewals] == [True]
            question = await slack.say(slack.ada, slack.general, f"{slack.mention()} hi")
            await play.settled()
            assert "Hi." in play.answers(question)[0]


async def test_installations_are_the_sdks_store_and_keep_no_token_of_a_person() -> None:
    store = MemoryStore(clock=now)
    installations = Installations(store, cipher_of(SECRET))
    bot = Bot(team_id="T1", enterprise_id=None, bot_token="xoxb-1", bot_id="B1", bot_user_id="U1", installed_at=0.0)
    await installations.async_save_bot(bot)
    found = await installations.async_find_bot(enterprise_id=None, team_id="T1")
    assert found is not None
    assert found.bot_token == "xoxb-1"
    assert await installations.async_find_bot(enterprise_id=None, team_id="T2") is None
    assert await installations.async_find_installation(enterprise_id=None, team_id="T1", user_id="U2") is None
    assert await Installations(store, cipher_of("another")).async_find_bot(enterprise_id=None, team_id="T1") is None
    await installations.async_delete_bot(enterprise_id=None, team_id="T1")
    assert await installations.async_find_bot(enterprise_id=None, team_id="T1") is None


async def test_another_secret_key_keeps_the_installed_workspaces_when_the_one_before_is_named_once() -> None:
    store, another = MemoryStore(clock=now), "another key"
    changed = ({"secret_key": another, "secret_key_before": SECRET}, {"secret_key": another})
    async with running_slack(Options(limits=False)) as slack:
        async with scene(store=store, slack=slack, **MANY) as play, browser(play) as someone:
            assert "200" in await someone.install()
        for number, keys in enumerate(changed):
            async with scene(words("Hello."), store=store, slack=slack, **(MANY | keys)) as play:
                await play.platform.wait_ready()
                question = await slack.say(slack.ada, slack.general, f"{slack.mention()} hi, {number}")
                await play.settled()
                assert "Hello." in play.answers(question)[0]
    assert await Installations(store, cipher_of(SECRET)).everywhere() == []
