"""`seedling accounts`: who may sign in to the web."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.web.frame.accounts import Accounts
from adapters.web.roles import WebRole
from bot.__main__ import main
from bot.app.accounts import put_account, remove_account
from bot.app.database import open_database
from bot.settings import Settings, load_settings

PASSWORD = "leaf and branch"


@pytest.fixture(autouse=True)
def _database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(monkeypatch: pytest.MonkeyPatch, *words: str, typed: str = "") -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    return main(["accounts", *words], platforms=())


def test_accounts_are_added_listed_and_removed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "add", "Ada", "--role", "operator", typed=f"{PASSWORD}\n") == 0
    assert run(monkeypatch, "add", "bob@example.com", "--no-password") == 0
    assert run(monkeypatch, "list") == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()[-2:]] == [
        ["ada", "operator", "password"],
        ["bob@example.com", "member", "OpenID", "Connect", "only"],
    ]
    assert run(monkeypatch, "remove", "ada") == 0
    assert run(monkeypatch, "remove", "ada") == 64


@pytest.mark.parametrize(
    ("words", "typed"),
    [(("add", "ada"), "short\n"), (("add", "seedling"), f"{PASSWORD}\n"), (("add", "ada", "--role", "king"), "")],
)
def test_what_is_wrong_is_said_in_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], typed: str
) -> None:
    try:
        code = run(monkeypatch, *words, typed=typed)
    except SystemExit as end:
        code = int(str(end.code))
    assert code == 64
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


@pytest.fixture
def settings() -> Settings:
    return load_settings()


async def test_a_change_is_recorded(settings: Settings) -> None:
    await put_account(settings, "ada", WebRole.VIEWER, PASSWORD)
    await put_account(settings, "ada", WebRole.OPERATOR, None)
    await remove_account(settings, "ada")
    async with open_database(settings) as store:
        assert not await Accounts(store).list()
        trail = await store.audit_trail(since=datetime.min.replace(tzinfo=UTC), limit=9)
    assert [(record.what, record.before, record.after) for record in trail] == [
        ("ada", "", "viewer"),
        ("ada", "viewer", "operator"),
        ("ada", "operator", ""),
    ]
