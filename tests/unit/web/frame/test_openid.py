"""Signing in with a real OpenID Connect provider that runs beside the tests."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import httpx
import pytest

from adapters.web.frame import WebRole
from adapters.web.frame.accounts import Accounts
from adapters.web.frame.openid import ProviderOptions
from storage.in_memory.store import MemoryStore
from tests.fakes import ManualClock
from tests.unit.web.frame.browsers import browser, open_web

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the provider uses names of Authlib that are going away
    from oidc_provider_mock import User, run_server_in_thread  # type: ignore[import-untyped]  # has no types

ADA = {"email": "ada@example.com", "email_verified": True, "name": "Ada Lovelace"}
EVE = {"email": "ada@example.com", "email_verified": False, "name": "Eve"}
BOB = {"email": "bob@example.com", "email_verified": True, "name": "Bob"}

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    users = [User(sub=name, claims=claims) for name, claims in (("ada", ADA), ("eve", EVE), ("bob", BOB))]
    with run_server_in_thread(user_claims=users) as server:
        yield f"http://localhost:{server.server_port}"


def options(issuer: str, default: WebRole = WebRole.STRANGER) -> ProviderOptions:
    return ProviderOptions(issuer=issuer, client_id="seedling", client_secret="secret", default_role=default)


async def come_back_as(client: httpx.AsyncClient, sub: str, goal: str = "/watch?day=1") -> httpx.Response:
    """Go to the provider, sign in there as somebody, and come back."""
    start = await client.get("/sign-in/openid", params={"next": goal})
    assert start.status_code == 302
    async with httpx.AsyncClient() as outside:
        answer = await outside.post(start.headers["location"], data={"sub": sub})
    return await client.get(answer.headers["location"])


async def test_an_account_is_known_by_its_verified_address(store: MemoryStore, clock: ManualClock, issuer: str) -> None:
    await Accounts(store).put("ada@example.com", WebRole.OPERATOR, None)
    _, web = await open_web(store, clock, host="0.0.0.0", provider=options(issuer))
    async with browser(web) as client:
        answer = await come_back_as(client, "ada")
        assert (answer.status_code, answer.headers["location"]) == (303, "/watch?day=1")
        assert (await client.get("/watch")).text == "ada@example.com is operator"


@pytest.mark.parametrize("sub", ["eve", "bob"])
async def test_who_has_no_account_stays_outside(store: MemoryStore, clock: ManualClock, issuer: str, sub: str) -> None:
    await Accounts(store).put("ada@example.com", WebRole.ADMINISTRATOR, None)
    _, web = await open_web(store, clock, provider=options(issuer))
    async with browser(web) as client:
        answer = await come_back_as(client, sub)
        assert answer.status_code == 403
        assert "You have no account here" in answer.text
        assert (await client.get("/")).status_code == 303


async def test_others_get_the_role_that_the_installation_gives_them(
    store: MemoryStore, clock: ManualClock, issuer: str
) -> None:
    _, web = await open_web(store, clock, provider=options(issuer, WebRole.MEMBER))
    async with browser(web) as client:
        await come_back_as(client, "bob", "/")
        assert (await client.get("/")).text == "openid-bob is member"
        assert (await client.get("/watch")).status_code == 403


async def test_an_answer_that_nobody_asked_for_signs_nobody_in(
    store: MemoryStore, clock: ManualClock, issuer: str
) -> None:
    _, web = await open_web(store, clock, provider=options(issuer, WebRole.MEMBER))
    async with browser(web) as ada, browser(web) as eve:
        start = await ada.get("/sign-in/openid")
        async with httpx.AsyncClient() as outside:
            answer = await outside.post(start.headers["location"], data={"sub": "ada"})
        for query in (answer.headers["location"].partition("?")[2], "code=x&state=y", "error=access_denied", ""):
            assert (await eve.get(f"/sign-in/openid/callback?{query}")).status_code == 403
        assert (await eve.get("/")).status_code == 303


async def test_a_provider_that_is_away_is_told(store: MemoryStore, clock: ManualClock) -> None:
    _, web = await open_web(store, clock, provider=options("http://localhost:9"))
    async with browser(web) as client:
        assert (await client.get("/sign-in/openid")).status_code == 502
        assert "Sign in with your organisation" in (await client.get("/sign-in")).text
