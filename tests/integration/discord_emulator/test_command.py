"""The emulator's own command, and its control from another process."""

from __future__ import annotations

from dataclasses import asdict

import aiohttp

from tests.emulators.discord import TOKEN, Options, discord_process
from tests.emulators.discord.__main__ import make_parser


def test_every_option_can_be_given_and_has_its_default() -> None:
    given = vars(make_parser().parse_args([]))
    assert {name: given[name] for name in asdict(Options())} == asdict(Options())
    chosen = make_parser().parse_args(["--no-message-content", "--guilds", "3", "--limit-scale", "0.5"])
    assert (chosen.message_content, chosen.guilds, chosen.limit_scale) == (False, 3, 0.5)


async def test_people_act_from_another_process() -> None:
    async with discord_process("--port", "0", "--guilds", "1") as origin, aiohttp.ClientSession() as session:

        async def do(act: str, **words: object) -> dict[str, str]:
            async with session.post(f"{origin}/_control/do", json={"do": act, **words}) as answer:
                found: dict[str, str] = await answer.json()
                assert answer.status == 200, found
                return found

        anna = (await do("person", name="anna"))["id"]
        home = (await do("guild", name="home", people=[anna]))["id"]
        general = (await do("channel", guild=home, name="general"))["id"]
        said = (await do("say", user=anna, channel=general, text="hello"))["id"]
        await do("edit", user=anna, channel=general, message=said, text="hello!")
        headers = {"Authorization": f"Bot {TOKEN}"}
        url = f"{origin}/api/v10/channels/{general}/messages"
        async with session.post(url, json={"content": "hello anna"}, headers=headers) as answer:
            assert answer.status == 200
        async with session.get(f"{origin}/_control/transcript/{general}") as answer:
            assert "seedling:\n    hello anna" in await answer.text()
        async with session.get(f"{origin}/_control/state") as answer:
            state = await answer.json()
        assert [guild["name"] for guild in state["guilds"]] == ["server 0", "home"]
        assert state["report"]["requests"] == 1
        async with session.get(f"{origin}/_control/requests") as answer:
            assert "hello" not in await answer.text()
        async with session.post(f"{origin}/_control/do", json={"do": "dance"}) as answer:
            assert answer.status == 400
