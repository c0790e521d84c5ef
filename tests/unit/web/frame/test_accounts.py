"""Accounts with passwords, and what they may."""

from __future__ import annotations

import pytest

from adapters.web.frame import FrameOptions, WebRole, make_frame
from adapters.web.frame.accounts import Accounts
from bot.errors import ConfigError, InvalidInput
from storage.in_memory.store import MemoryStore
from tests.fakes import ManualClock
from tests.unit.web.frame.browsers import PASSWORD, browser, open_web, sign_in


async def test_an_account_signs_in_with_its_role_and_no_other_password(store: MemoryStore, clock: ManualClock) -> None:
    await Accounts(store).put("Ada@Example.com", WebRole.VIEWER, PASSWORD)
    _, web = await open_web(store, clock, password="another password")
    async with browser(web) as client:
        assert (await sign_in(client, "another password", name="ada@example.com")).status_code == 403
        assert (await sign_in(client, PASSWORD)).status_code == 403
        assert (await sign_in(client, PASSWORD, name="nobody")).status_code == 403
        assert (await sign_in(client, PASSWORD, name="ADA@example.com")).status_code == 303
        assert (await client.get("/watch")).text == "ada@example.com is viewer"
        answer = await client.get("/rule/x")
        assert answer.status_code == 403
        assert "for people with the role administrator; yours is viewer" in answer.text


async def test_an_account_that_is_removed_is_out_at_once(store: MemoryStore, clock: ManualClock) -> None:
    accounts = Accounts(store)
    await accounts.put("ada", WebRole.ADMINISTRATOR, PASSWORD)
    frame, web = await open_web(store, clock)
    async with browser(web) as client:
        await sign_in(client, name="ada")
        assert await accounts.remove("ADA")
        assert await frame.sign_ins.sessions.end_of("ada") == 1
        assert (await client.get("/")).status_code == 303
        assert (await sign_in(client, name="ada")).status_code == 403


async def test_only_a_digest_of_a_password_is_stored(store: MemoryStore) -> None:
    await Accounts(store).put("ada", WebRole.VIEWER, PASSWORD)
    assert PASSWORD not in str(await store.list_state("local"))
    changed = await Accounts(store).put("ada", WebRole.OPERATOR, None)
    assert changed.digest.startswith("$argon2id$")
    assert await Accounts(store).verify("ada", PASSWORD) == changed


@pytest.mark.parametrize(
    ("name", "role", "password"),
    [
        pytest.param("seedling", WebRole.VIEWER, PASSWORD, id="called-like-the-bot"),
        pytest.param("a b", WebRole.VIEWER, PASSWORD, id="blank"),
        pytest.param("<script>", WebRole.VIEWER, PASSWORD, id="markup"),
        pytest.param("u-0123456789abcdef", WebRole.VIEWER, PASSWORD, id="like-a-visitor"),
        pytest.param("", WebRole.VIEWER, PASSWORD, id="no-name"),
        pytest.param("ada", WebRole.STRANGER, PASSWORD, id="no-role"),
        pytest.param("ada", WebRole.VIEWER, "too short", id="short-password"),
        pytest.param("ada", WebRole.VIEWER, "x" * 2000, id="absurd-password"),
    ],
)
async def test_odd_accounts_are_refused(store: MemoryStore, name: str, role: WebRole, password: str) -> None:
    with pytest.raises(InvalidInput):
        await Accounts(store).put(name, role, password)
    assert not await Accounts(store).list()


@pytest.mark.parametrize("has_account", [False, True])
async def test_other_machines_get_in_only_by_signing_in(
    store: MemoryStore, clock: ManualClock, has_account: bool
) -> None:
    options = FrameOptions(host="0.0.0.0", secret="s")
    if has_account:
        await Accounts(store).put("ada", WebRole.VIEWER, PASSWORD)
        assert not (await make_frame(options, store, clock)).is_open
    else:
        with pytest.raises(ConfigError, match=r"CONSOLE_PASSWORD.*HOST=0\.0\.0\.0"):
            await make_frame(options, store, clock)
