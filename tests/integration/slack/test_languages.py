"""Everybody is spoken to in the language of their own Slack."""

from __future__ import annotations

import pytest

from bot.types import Finish, Finished, TextDelta, Usage, UsageReported
from tests.fakes import words
from tests.integration.slack.scene import scene


@pytest.mark.parametrize(
    ("locale", "confirmed", "refused"),
    [
        ("de-DE", "**max_tokens** ist jetzt `40` für diesen Kanal.", "max_tokens kann nicht 'viel' sein."),
        ("en-US", "**max_tokens** is now `40` for this channel.", "max_tokens cannot be 'viel'."),
        ("fr-FR", "**max_tokens** is now `40` for this channel.", "max_tokens cannot be 'viel'."),
    ],
)
async def test_commands_and_errors_are_answered_in_the_language_of_who_asks(
    locale: str, confirmed: str, refused: str
) -> None:
    async with scene() as play:
        slack = play.slack
        slack.ada.locale = locale
        for command in ("set channel max_tokens 40", "set channel max_tokens viel"):
            await slack.slash(slack.ada, slack.general, "/seed", command)
        await play.until(lambda: len(slack.whispers) == 2)
        told = "\n".join(slack.shown(whisper) for whisper in slack.whispers)
        assert confirmed in told
        assert refused in told


async def test_buttons_small_print_and_notices_are_in_the_language_of_the_asker() -> None:
    cut = [TextDelta("Die Hälfte"), UsageReported(Usage(input=1_234, output=1)), Finished(Finish.LENGTH)]
    async with scene(cut) as play:
        slack = play.slack
        slack.ada.locale = "de-DE"
        question = await slack.say(slack.ada, slack.general, f"{slack.mention()} warum?")
        await play.settled()
        (answer,) = play.answers(question)
        assert "1.234 Token gelesen · 1 geschrieben" in answer
        assert "Token-Limit" in answer
        assert "[Weiter] [Andere Antwort]" in answer


async def test_where_slack_tells_no_language_the_setting_holds() -> None:
    async with scene(words("Weil.")) as play:
        slack = play.slack
        slack.ada.locale = ""
        await slack.slash(slack.ada, slack.general, "/seed", "set channel language de")
        await play.until(lambda: slack.whispers)
        question = await slack.say(slack.ada, slack.general, f"{slack.mention()} warum?")
        await play.settled()
        assert "geschrieben" in play.answers(question)[0]
        assert "Nutze" not in play.model.asked[0].system_prompt  # the model is spoken to in English
