"""/usage comes with a picture of the days where the app may write files, and is told in words alone elsewhere."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from PIL import Image

from bot.types import Usage
from tests.emulators.slack import Message, Options
from tests.emulators.slack.options import EVERY_SCOPE
from tests.fakes import words
from tests.integration.slack.scene import Scene, scene

PAID = words("Yes.", Usage(input=100_000, output=10_000))
WITHOUT_FILES = tuple(scope for scope in EVERY_SCOPE if scope != "files:write")


async def usage(play: Scene) -> Message:
    """What Ada is told of a week in which she asked one thing."""
    slack = play.slack
    await slack.say(slack.ada, slack.general, f"{slack.mention()} one?")
    await play.settled()
    await slack.slash(slack.ada, slack.general, "/seed", "usage me 7")
    await play.until(lambda: slack.whispers)
    return slack.whispers[-1]


async def test_the_picture_shows_the_same_sum_and_says_it_in_words() -> None:
    async with scene(PAID) as play:
        told = await usage(play)
        [block] = [block for block in told.blocks if block["type"] == "image"]
        file = play.slack.world.files[block["slack_file"]["id"]]
        [total] = re.findall(r"(\$[\d.]+)", play.slack.shown(told).partition("Prices")[0].partition("[image")[0])
        assert f"Your own questions, the last 7 days: {total} in all, most on 20" in block["alt_text"]
        assert file.alt == block["alt_text"]
        with Image.open(BytesIO(file.content)) as picture:
            assert (picture.format, picture.size) == ("PNG", (1200, 480))
        assert play.slack.violations == []


async def test_without_the_right_to_write_files_the_text_comes_alone() -> None:
    async with scene(PAID, emulator=Options(limits=False, scopes=WITHOUT_FILES)) as play:
        told = await usage(play)
        assert "Your own questions" in play.slack.shown(told)
        assert not [block for block in told.blocks if block["type"] == "image"]


@pytest.mark.parametrize("method", ["files.completeUploadExternal", "chat.postEphemeral"])
async def test_where_the_picture_is_refused_the_text_comes_alone(method: str) -> None:
    async with scene(PAID) as play:
        play.slack.fault(method, error="invalid_blocks")
        told = await usage(play)
        assert "Your own questions" in play.slack.shown(told)
        assert not [block for block in told.blocks if block["type"] == "image"]
