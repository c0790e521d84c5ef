"""What `seedling doctor --live` tries in a channel, what it says of it, and that nothing is left there."""

from __future__ import annotations

from dataclasses import replace

from adapters.slack.live_check import try_out
from adapters.slack.manifest import SCOPES
from tests.emulators.slack import Options, running_slack
from tests.integration.slack.scene import slack_options


async def test_everything_is_tried_and_taken_away() -> None:
    async with running_slack(Options(limits=False)) as slack:
        rows = [row async for row in try_out(slack_options(slack), slack.general.id, seconds=10, look=0)]
        assert [(row.name, row.ok) for row in rows] == [
            (f"Slack {step}", True) for step in ("post", "edit", "stream", "upload", "delete")
        ]
        assert rows[0].detail == "kept as markdown, table"
        assert slack.answers(slack.general) == []
        assert slack.violations == []


async def test_what_fails_is_told_and_the_rest_is_tried() -> None:
    granted = tuple(scope for scope in SCOPES if scope != "files:write")
    async with running_slack(Options(limits=False, scopes=granted)) as slack:
        options = replace(slack_options(slack), app_token=None)
        rows = {row.name: row async for row in try_out(options, slack.general.id, seconds=10, look=0)}
    assert [name for name, row in rows.items() if row.ok is False] == ["Slack upload"]
    assert rows["Slack upload"].fix
