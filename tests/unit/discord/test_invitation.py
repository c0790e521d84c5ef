"""The invitation, its reasons and the docs say the same."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import discord

from adapters.discord.invitation import PERMISSIONS, REASONS, invite_link
from bot.__main__ import main

DOCS = Path(__file__).parents[3] / "docs" / "discord.md"


def test_the_link_asks_for_the_permissions_with_reasons_and_no_others() -> None:
    query = parse_qs(urlsplit(invite_link("42")).query)
    asked = discord.Permissions(int(query["permissions"][0]))

    assert asked == discord.Permissions(**dict.fromkeys(REASONS, True)) == PERMISSIONS
    assert asked.value.bit_count() == len(REASONS)
    assert query["client_id"] == ["42"]
    assert query["scope"] == ["bot applications.commands"]
    assert not PERMISSIONS.administrator


def test_the_docs_give_the_same_reasons() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert all(f"| {reason} |" in text for reason in REASONS.values())


def test_the_command_prints_link_and_reasons(capsys: object) -> None:
    assert main(["invite", "--application", "42"]) == 0
    printed = capsys.readouterr().out  # type: ignore[attr-defined]  # pytest's fixture
    assert invite_link("42") in printed
    assert all(reason in printed for reason in REASONS.values())


def test_an_application_that_is_no_id_is_refused() -> None:
    assert main(["invite", "--application", "my bot"]) == 64
