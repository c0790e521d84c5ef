"""Permissions as Discord computes them."""

from __future__ import annotations

import discord
import pytest

from adapters.discord.api.permissions import READING, may_read, of_everyone, of_member
from adapters.discord.payloads import ChannelPayload, Guild, GuildMember

VIEW = discord.Permissions(view_channel=True).value
ADMINISTRATOR = discord.Permissions(administrator=True).value


def guild(everyone: int = READING.value, **roles: int) -> Guild:
    held = [{"id": "1", "permissions": str(everyone)}]
    held += [{"id": name.removeprefix("r"), "permissions": str(value)} for name, value in roles.items()]
    return Guild.read({"id": "1", "owner_id": "9", "roles": held})


def channel(*overwrites: tuple[str, int, int, int]) -> ChannelPayload:
    told = [{"id": id, "type": kind, "allow": str(allow), "deny": str(deny)} for id, kind, allow, deny in overwrites]
    return ChannelPayload.read({"id": "5", "permission_overwrites": told})


def member(*roles: str, user: str = "7") -> GuildMember:
    return GuildMember.read({"user": {"id": user}, "roles": list(roles)})


@pytest.mark.parametrize(
    ("place", "who", "reads"),
    [
        (channel(), member(), True),
        (channel(("1", 0, 0, VIEW)), member(), False),
        (channel(("1", 0, 0, VIEW), ("2", 0, VIEW, 0)), member("2"), True),
        (channel(("1", 0, 0, VIEW), ("2", 0, VIEW, 0)), member("3"), False),
        (channel(("2", 0, 0, VIEW), ("3", 0, VIEW, 0)), member("2", "3"), True),
        (channel(("2", 0, VIEW, 0), ("7", 1, 0, VIEW)), member("2"), False),
        (channel(("1", 0, 0, VIEW), ("7", 1, VIEW, 0)), member(), True),
        (channel(("7", 0, VIEW, 0), ("1", 0, 0, VIEW)), member(), False),
        (channel(("1", 0, 0, VIEW)), member("4"), True),
        (channel(("1", 0, 0, VIEW)), member(user="9"), True),
    ],
    ids=["plain", "hidden", "role in", "other role", "two roles", "own denial", "own", "role id", "admin", "owner"],
)
def test_overwrites_hold_in_their_order(place: ChannelPayload, who: GuildMember, reads: bool) -> None:
    assert may_read(of_member(guild(r2=0, r3=0, r4=ADMINISTRATOR), place, who)) is reads


def test_everybody_reads_what_is_hidden_from_nobody() -> None:
    assert may_read(of_everyone(guild(), channel()))
    assert not may_read(of_everyone(guild(), channel(("1", 0, 0, VIEW))))
    assert not may_read(of_everyone(guild(everyone=VIEW), channel()))
