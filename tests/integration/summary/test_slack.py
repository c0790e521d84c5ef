"""Summaries on the emulated Slack: with links that are its own, private where wanted, refused where it must be."""

from __future__ import annotations

from datetime import timedelta

from adapters.slack.events.slash_commands import SUMMARISE_SHORTCUT
from bot.summary.digests import Digests
from bot.summary.service import NO_ACCESS
from bot.types import Finish, Finished, ModelEvent, TextDelta, Usage, UsageReported
from tests.emulators.slack import Message, RunningSlack
from tests.fakes import words
from tests.integration.slack.scene import Scene, now, scene
from tests.integration.slack.test_commands import told, whispered


def summary(text: str) -> list[ModelEvent]:
    return [TextDelta(text), UsageReported(Usage(input=500, output=60)), Finished(Finish.STOP)]


TIDES = summary("Headline: Tides\n- High water is at nine [1]\n- They sail [2] [77]\n- [Win](https://evil.example) [2]")


async def talk(slack: RunningSlack) -> list[Message]:
    bob = slack.person("Bob")
    await slack.join(slack.general, bob)
    return [
        await slack.say(slack.ada, slack.general, "High water is at nine"),
        await slack.say(bob, slack.general, "Then we sail, <!channel>"),
    ]


def permalink(message: Message) -> str:
    return f"/archives/{message.channel.id}/p{message.ts.replace('.', '')}"


async def test_a_channel_is_summarised_below_the_request_with_links_that_open_its_messages() -> None:
    async with scene(TIDES) as play:
        slack = play.slack
        messages = await talk(slack)
        await slack.slash(slack.ada, slack.general, "/seed", "summarise last 10")
        await play.settled()
        request = [item for item in slack.messages(slack.general) if not item.is_reply][-1]
        (answer,) = play.answers(request)
        for message in messages:
            assert permalink(message) in answer
        assert "Left out: 1 link to messages that were not read" in answer
        assert "evil.example" not in answer
        assert slack.pings == []
        assert slack.violations == []


async def test_in_a_thread_a_word_summarises_the_thread() -> None:
    async with scene(summary("- They agree [2]")) as play:
        slack = play.slack
        (root, _) = await talk(slack)
        reply = await slack.say(slack.ada, slack.general, "Agreed", thread_ts=root.ts)
        await slack.say(slack.ada, slack.general, f"{slack.mention()} summarise", thread_ts=root.ts)
        await play.settled()
        (answer,) = play.answers(root)
        assert permalink(reply) in answer
        asked = play.model.asked[0].entries[0].text
        assert "Agreed" in asked
        assert "sail" not in asked


async def test_a_private_summary_and_one_by_shortcut_are_whispered() -> None:
    async with scene(TIDES, summary("- They sail [1]")) as play:
        slack = play.slack
        messages = await talk(slack)
        await slack.slash(slack.ada, slack.general, "/seed", "summarise private")
        assert permalink(messages[0]) in await told(play, "High water")
        await slack.shortcut(slack.ada, SUMMARISE_SHORTCUT, messages[1])
        await told(play, "They sail")
        await play.settled()
        assert not _public(play)


async def test_who_may_not_read_a_channel_is_told_so_alone() -> None:
    async with scene() as play:
        slack = play.slack
        outsider = slack.person("Eve")
        secret = slack.channel("secret", slack.ada, kind="private")
        await slack.say(slack.ada, secret, "The boat is sold")
        await slack.slash(outsider, secret, "/seed", "summarise")
        assert "The boat is sold" not in await told(play, NO_ACCESS[:30])
        await play.settled()
        assert play.model.asked == []
        assert not [message for message in slack.messages(secret) if message.author is slack.bot]
        assert whispered(slack)


async def test_a_digest_is_set_by_slash_command_and_posted_into_the_channel() -> None:
    async with scene(TIDES) as play:
        slack = play.slack
        await slack.slash(slack.ada, slack.general, "/seed", "digest add daily at 9:00")
        assert "every day at 09:00" in await told(play, "Digest 1 is set")
        messages = await talk(slack)
        later = Digests(
            play.store,
            {"slack": play.platform},
            play.dispatcher.wake,
            admits=play.inbox.admits,
            clock=lambda: now() + timedelta(days=2),
        )
        await later.tick()
        await later.tick()
        await play.settled()
        (posted,) = _public(play)
        assert permalink(messages[0]) in slack.shown(posted)
        assert not posted.is_reply
        assert slack.violations == []


def _public(play: Scene) -> list[Message]:
    return [message for message in play.slack.messages(play.slack.general) if message.author is play.slack.bot]


async def test_a_thread_is_exported_as_a_file_with_the_answers_that_were_given_there() -> None:
    async with scene(words("High water is at nine.")) as play:
        slack = play.slack
        root = await slack.say(slack.ada, slack.general, f"{slack.mention()} when is *high water*?")
        await play.settled()
        await slack.say(slack.ada, slack.general, "!export", thread_ts=root.ts)
        await play.settled()
        *_, answer = slack.answers(slack.general, root.ts)
        assert "2 messages as a file." in slack.shown(answer)
        (file,) = answer.files
        text = file.content.decode()
        assert text.index("when is") < text.index("High water is at nine.")
        assert "!export" not in text
        assert slack.violations == []
