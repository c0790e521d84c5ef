"""What people delete after it was answered: the answer to it is seen no more, on any platform."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.platforms.chat import Chat
from tests.contract.platforms.chats import CHATS
from tests.fakes import words


@pytest.fixture(params=sorted(CHATS))
async def chat(request: pytest.FixtureRequest) -> AsyncIterator[Chat]:
    """A platform with people on it."""
    async with CHATS[request.param]() as opened:
        yield opened


async def test_the_answer_that_stands_goes_with_its_question(chat: Chat) -> None:
    chat.model.scripts += [words("Your key is swordfish."), words("It is so.")]
    asked = await chat.ask("my key is swordfish")
    await chat.ask("and now?", below=asked)
    assert "swordfish" in "".join(await chat.answers(asked))
    await chat.delete(asked)
    await chat.until(lambda: "swordfish" not in chat.stored())
    await chat.answered()
    seen = "".join(await chat.answers(asked))
    assert ("swordfish" in seen, "It is so." in seen) == (False, True)
    await chat.ask("what did I say?", below=asked)
    assert "swordfish" not in chat.sent()
