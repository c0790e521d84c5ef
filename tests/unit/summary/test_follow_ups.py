"""Questions about a summary, and summaries of threads."""

from __future__ import annotations

from dataclasses import replace

from tests.fakes import words
from tests.unit.summary.channel import CHANNEL, said, summarising, talk
from tests.unit.summary.test_service import told


async def test_a_question_in_its_thread_sees_the_summary_and_the_messages_that_it_rests_on() -> None:
    secret = said("m3", "The password of the harbour is fish", minutes=3)
    script = told("Headline: Boats\n- Bea has the password [3]")
    async with summarising([*talk(2), secret], script, words("fish")) as house:
        await house.summarise()
        await house.ask("What is it?", 2, key=replace(CHANNEL, thread="asked1"), sent_at=house.clock.now)
        entries = [entry.text for entry in house.requests[1].entries]
    assert "/summarise channel" in entries[0]
    assert "[3] 09:03 Bea: The password of the harbour is fish" in entries[1]
    assert "- Bea has the password [3]" in entries[2]
    assert "https://" not in entries[2]
    assert "What is it?" in entries[3]


async def test_what_is_quoted_is_bounded() -> None:
    long = [said(f"m{number}", "word " * 400, minutes=number) for number in range(1, 21)]
    script = told("\n".join(f"- point [{number}]" for number in range(1, 21)))
    async with summarising(long, script) as house:
        settlement = await house.summarise()
    quoted = [entry for entry in settlement.entries if entry.id.startswith("q:")]
    assert 3 <= len(quoted) < 20
    assert sum(item.tokens for item in quoted) <= 3_000
    assert {item.author for item in quoted} == {"u2"}


async def test_a_thread_is_summarised_by_a_word_in_it() -> None:
    thread = replace(CHANNEL, thread="m1")
    messages = [*talk(3), said("r1", "Shall we sail?", minutes=4, thread="m1")]
    async with summarising(messages, told("- They may sail [2]")) as house:
        settlement = await house.ask("!summarise", key=thread, sent_at=house.clock.now)
        asked = house.requests[0].entries[0].text
        assert [len(part.covers) for part in await house.store.get_parts(thread)] == [2]
        assert await house.store.get_parts(CHANNEL) == []
    assert "text of m2" not in asked
    assert "[2] 09:04 Bea: Shall we sail?" in asked
    assert settlement.draft.text == "- They may sail [2](https://chat.example/c/r1)"
