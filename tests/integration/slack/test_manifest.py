"""The manifest: what Slack takes, no more than is used, and enough for everything."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest

from adapters.slack.connection.bolt_app import HANDLED_EVENTS
from adapters.slack.manifest import EVENTS, SCOPES, manifest
from bot.__main__ import main
from tests.emulators.slack import Options
from tests.fakes import words
from tests.integration.slack.scene import scene


@pytest.mark.parametrize(
    "arguments", [[], ["--url", "https://bot.example"], ["--url", "https://b.example", "--installs"]]
)
def test_slack_takes_the_manifest(arguments: list[str], shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["manifest", "slack", *arguments]) == 0
    printed = capsys.readouterr()
    schema = json.loads((shared_data / "specs" / "slack_manifest.schema.json").read_text(encoding="utf-8"))
    told = json.loads(printed.out)
    assert [error.message for error in jsonschema_rs.validator_for(schema).iter_errors(told)] == []
    assert told["settings"]["socket_mode_enabled"] is (not arguments)
    for scope in told["oauth_config"]["scopes"]["bot"]:
        assert f"{scope} " in printed.err  # with its reason


def test_addresses_that_slack_does_not_take_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["manifest", "slack", "--url", "http://bot.example"]) == 64
    assert main(["manifest", "slack", "--installs"]) == 64
    assert "https://" in capsys.readouterr().err


def test_no_event_is_wanted_that_nobody_hears() -> None:
    wanted = manifest()["settings"]["event_subscriptions"]["bot_events"]
    assert {item.partition(".")[0] for item in wanted} == HANDLED_EVENTS


async def test_the_scopes_and_events_of_the_manifest_are_enough() -> None:
    emulator = Options(limits=False, scopes=tuple(SCOPES), events=tuple(EVENTS))
    async with scene(words("One."), words("Two."), words("Three."), emulator=emulator) as play:
        slack = play.slack
        file = slack.file(slack.ada, "notes.txt", b"The pump is green.")
        question = await slack.say(slack.ada, slack.general, f"{slack.mention()} see", files=[file])
        await play.settled()
        (turn,) = play.store._turns.values()
        assert await play.platform.fetch(turn.incoming.attachments[0], limit=99) == b"The pump is green."
        secret = slack.channel("secret", slack.ada, kind="private")
        for channel in (secret, slack.direct(slack.ada), slack.direct(slack.ada, slack.ben)):
            await slack.say(slack.ada, channel, f"{slack.mention()} hi")
            await play.settled()
        await slack.slash(slack.ada, slack.general, "/seed", "settings")
        await play.until(lambda: slack.open_view(slack.ada))
        await slack.open_app_home(slack.ada, "home")
        await slack.open_app_home(slack.ada, "messages")
        await play.until(lambda: slack.home(slack.ada))
        await play.until(lambda: slack.surfaces.prompts)
        key = turn.incoming.key
        assert await play.platform.read_channel(key, limit=9)
        assert await play.platform.may_read(key, turn.incoming.author)
        assert len(play.answers(question)) == 1
        assert [request for request in slack.requests if request.error == "missing_scope"] == []
        assert slack.violations == []
