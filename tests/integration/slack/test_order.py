"""Messages of one thread are taken in the order in which they came, whatever each of them waits for."""

from __future__ import annotations

import pytest

from tests.integration.slack.scene import Scene, scene


async def asked_while_looked_up(play: Scene, thread: str) -> None:
    """Let Ada ask while Slack takes its time to tell her name."""
    slack, before = play.slack, len(play.slack.calls("users.info"))
    slack.fault("users.info", delay_s=0.5)
    await slack.say(slack.ada, slack.general, f"{slack.mention()} what is it?", thread_ts=thread)
    await slack.until(lambda: len(slack.calls("users.info")) > before)


@pytest.mark.parametrize("by", ["ada", "ben"])
async def test_what_is_said_while_the_askers_name_is_looked_up_is_known(by: str) -> None:
    async with scene() as play:
        slack = play.slack
        root = await slack.say(slack.ben, slack.general, "the pump is broken")
        await play.settled()
        await asked_while_looked_up(play, root.ts)
        await slack.say(getattr(slack, by), slack.general, "I mean the blue pump", thread_ts=root.ts)
        await play.settled()
        await slack.say(slack.ada, slack.general, f"{slack.mention()} and?", thread_ts=root.ts)
        await play.settled()
        assert any("blue pump" in entry.text for entry in play.model.asked[-1].entries)
