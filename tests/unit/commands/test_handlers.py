"""What the handlers of commands do and tell."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot.access.control import AccessControl
from bot.commands.arguments import parse_overrides
from bot.commands.command import Call, Services, all_commands
from bot.commands.help import help_text
from bot.commands.parameter_text import parameters_table
from bot.commands.parser import parse
from bot.errors import InvalidInput
from bot.language import languages, speaking
from bot.parameter_resolver import effective_parameters
from bot.parameters import PARAMETERS
from bot.pricing import SEED_CARD
from bot.summary.request import IsoTimes
from bot.types import Incoming
from storage.in_memory.store import MemoryStore
from tests.fakes import FixedRates, ManualClock, incoming

NUMBERS = count(1)


@pytest.fixture
def settings() -> MemoryStore:
    return MemoryStore(clock=ManualClock())


async def anybody(asked: Incoming) -> None:
    """Let everybody summarise."""


async def typed(settings: MemoryStore, text: str, **changes: Any) -> str:
    """Carry out what somebody types; what they are told."""
    invocation = parse(text)
    assert invocation is not None
    asked = incoming(text, next(NUMBERS), **{"is_admin": True, **changes})
    command, arguments = invocation.command, invocation.arguments
    access = AccessControl(settings, {})
    services = Services(
        store=settings,
        access=access,
        rates=FixedRates(SEED_CARD),
        clock=ManualClock(),
        times=IsoTimes(),
        check_may_summarise=anybody,
    )
    values = command.read(arguments)
    effect = await command.handler(
        Call(
            command=command,
            incoming=asked,
            arguments=arguments,
            values=values,
            services=services,
            permissions=await access.permissions(asked),
        )
    )
    assert not isinstance(effect, Incoming)
    done = await settings.carry_out(asked, effect.change, effect.tell)
    assert done is not None
    return done.answer


def test_overrides_of_the_command_line_are_checked() -> None:
    assert parse_overrides(["max_tokens=7"]) == {"max_tokens": "7"}
    with pytest.raises(InvalidInput, match="not of the form NAME=VALUE"):
        parse_overrides(["max_tokens"])


# ---------------------------------------------------------------- set, unset, show, help


async def test_a_value_set_in_a_thread_is_shown_with_its_scope(settings: MemoryStore) -> None:
    assert "**reasoning_effort** is now `high` for this thread" in await typed(settings, "/set reasoning_effort high")
    assert "| reasoning_effort | high | set in this thread |" in await typed(settings, "/show")


async def test_a_wider_value_holds_again_when_the_narrower_is_unset(settings: MemoryStore) -> None:
    await typed(settings, "/set workspace max_tokens 100")
    await typed(settings, "/set max_tokens 200")
    assert (await effective_parameters(incoming(""), settings))["max_tokens"].value == 200
    answer = await typed(settings, "/unset max_tokens")
    assert "Here it is now `100` (set for the workspace)" in answer


async def test_the_last_change_is_taken_back_and_the_confirmation_says_how(settings: MemoryStore) -> None:
    await typed(settings, "/set channel persona owl")
    assert (await typed(settings, "/set channel persona fox\nand hare")).endswith("```\n\n`/undo` takes it back.")
    assert await typed(settings, "/undo") == "Taken back: **persona** is `owl` again for this channel."
    assert "changed no setting here" in await typed(settings, "/undo")
    assert (await typed(settings, "/unset channel persona")).endswith("(default). `/undo` takes it back.")
    assert "is `owl` again" in await typed(settings, "/undo")
    await typed(settings, "/set max_tokens 7")
    assert await typed(settings, "/undo") == "Taken back: **max_tokens** is no longer set for this thread."


async def test_no_undo_is_offered_where_nothing_changed(settings: MemoryStore) -> None:
    await typed(settings, "/set max_tokens 7")
    assert "/undo" not in await typed(settings, "/set max_tokens 7")
    assert "/undo" not in await typed(settings, "/unset channel max_tokens")


async def test_who_may_no_longer_set_it_cannot_take_it_back(settings: MemoryStore) -> None:
    await typed(settings, "/set workspace max_tokens 7")
    with pytest.raises(InvalidInput, match="Only .* can set max_tokens for the whole workspace"):
        await typed(settings, "/undo", is_admin=False)
    assert (await effective_parameters(incoming(""), settings))["max_tokens"].value == 7


async def test_unsetting_what_was_not_set_says_so(settings: MemoryStore) -> None:
    assert "was not set" in await typed(settings, "/unset channel stop")


@pytest.mark.parametrize("word", ["unset", "none", "Default"])
@pytest.mark.parametrize("name", ["stop", "persona"])
async def test_a_word_that_takes_a_value_away_is_a_value_in_quotes(settings: MemoryStore, name: str, word: str) -> None:
    answer = await typed(settings, f'/set {name} "{word}"')
    now = (await effective_parameters(incoming(""), settings))[name]
    assert (now.value, now.origin) == (PARAMETERS[name].parse(word), "conversation")
    assert "is now" in answer
    await typed(settings, f"/set {name} {word}")
    assert (await effective_parameters(incoming(""), settings))[name].origin == "default"


@pytest.mark.parametrize("scope", ["workspace", "channel", "thread"])
@pytest.mark.parametrize("name", PARAMETERS)
async def test_every_parameter_can_be_set_and_unset_at_every_scope(
    settings: MemoryStore, name: str, scope: str
) -> None:
    parameter = PARAMETERS[name]
    samples = {"boolean": "no", "integer": "5", "number": "1.5", "list": "a,b", "text": "a pirate"}
    sample = samples.get(parameter.kind) or parameter.choices[0]
    await typed(settings, f"/set {scope} {name} {sample}")
    now = (await effective_parameters(incoming(""), settings))[name]
    assert (now.value, now.origin) == (parameter.parse(sample), "conversation" if scope == "thread" else scope)
    await typed(settings, f"/unset {scope} {name}")
    assert (await effective_parameters(incoming(""), settings))[name].origin == "default"


async def test_a_value_for_this_turn_beats_all_scopes(settings: MemoryStore) -> None:
    await typed(settings, "/set max_tokens 200")
    effective = await effective_parameters(incoming("", overrides={"max_tokens": "3"}), settings)
    assert (effective["max_tokens"].value, effective["max_tokens"].origin) == (3, "turn")


@pytest.mark.parametrize(
    ("typed_text", "name", "value"),
    [
        ("/set max_tokens = 200", "max_tokens", 200),
        ("/set max_tokens=200", "max_tokens", 200),
        ("/set channel max_tokens =2k", "max_tokens", 2_000),
        ('/set stop ",","END"', "stop", (",", "END")),
        ("/set stop \\n", "stop", ("\n",)),
        ('/set persona "You are brief."', "persona", "You are brief."),
        ("/set persona = \u201cYou are brief.\u201d", "persona", "You are brief."),
        ('/set persona Say "yes" and "no"', "persona", 'Say "yes" and "no"'),
    ],
)
async def test_what_is_typed_is_what_is_set_and_confirmed(
    settings: MemoryStore, typed_text: str, name: str, value: object
) -> None:
    told = await typed(settings, typed_text)
    now = (await effective_parameters(incoming(""), settings))[name]
    assert now.value == value
    assert PARAMETERS[name].format(now.value) in told


@pytest.mark.parametrize("word", ["none", "default", "Unset"])
async def test_none_takes_a_value_away(settings: MemoryStore, word: str) -> None:
    await typed(settings, "/set stop END")
    assert "no longer set" in await typed(settings, f"/set stop {word}")
    assert (await effective_parameters(incoming(""), settings))["stop"].value is None
    await typed(settings, f'/set stop "{word}"')
    assert (await effective_parameters(incoming(""), settings))["stop"].value == (word,)


async def test_a_long_persona_is_confirmed_whole(settings: MemoryStore) -> None:
    persona = ("Speak *plainly* and use ``` for code. " * 200)[:3_999].strip()
    for command in (f"/set persona {persona}", "/show persona"):
        told = await typed(settings, command)
        assert persona in told
        assert f"````\n{persona}\n````" in told


async def test_values_of_one_answer_are_read_in_the_same_way() -> None:
    asked = parse("/ask max_tokens = 2k stop=\u201cEND\u201d why = not?")
    assert asked is not None
    assert asked.command.read(asked.arguments) == {
        "max_tokens": "2000",
        "stop": "END",
        "question": "why = not?",
    }


async def test_outside_threads_a_setting_is_for_the_channel(settings: MemoryStore) -> None:
    assert "for this channel" in await typed(settings, "/set memory no", is_top_level=True)
    with pytest.raises(InvalidInput, match="no thread here yet"):
        await typed(settings, "/set thread memory no", is_top_level=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("/set", "Usage: `/set", id="nothing"),
        pytest.param("/set max_tokens", "takes a whole number from 1 to 65,536", id="no-value"),
        pytest.param("/set max_tokens 99999", "max_tokens cannot be '99999'", id="out-of-range"),
        pytest.param("/set temperature 0.5", "fixed at 1 by the model's server", id="fixed"),
        pytest.param("/unset", "Usage: `/unset", id="unset-nothing"),
        pytest.param("/unset nonsense", "There is no parameter", id="unset-unknown"),
    ],
)
async def test_a_bad_command_is_answered_with_what_to_do(settings: MemoryStore, text: str, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await typed(settings, text)
    assert message in str(caught.value)


async def test_a_value_cannot_break_out_of_the_table_that_shows_it(settings: MemoryStore) -> None:
    await typed(settings, "/set persona a | `b` | c")
    shown = await typed(settings, "/show")
    (row,) = (line for line in shown.splitlines() if line.startswith("| persona"))
    assert row == "| persona | a \\| 'b' \\| c | set in this thread |"


async def test_one_parameter_is_shown_in_full(settings: MemoryStore) -> None:
    shown = await typed(settings, "/show max_tokens")
    assert "**max_tokens** is `4096` (default)" in shown
    assert "a whole number from 1 to 65,536" in shown


@pytest.mark.parametrize("code", languages())
def test_help_names_every_command_and_where_parameters_are_listed(code: str) -> None:
    with speaking(code):
        text = help_text()
    assert all(f"`/{command.name}" in text for command in all_commands().values())
    assert "`/show`" in text


@pytest.mark.parametrize("topic", [*all_commands(), *PARAMETERS])
def test_help_explains_each_topic(topic: str) -> None:
    help = all_commands()[topic].help if topic in all_commands() else PARAMETERS[topic].help
    assert help in help_text(topic)


def test_the_table_has_a_row_for_each_parameter() -> None:
    assert len(parameters_table().splitlines()) == 2 + len(PARAMETERS)


def test_the_documented_table_is_the_one_in_force() -> None:
    page = (Path(__file__).parents[3] / "docs" / "parameters.md").read_text()
    assert parameters_table() in page, "renew the table in docs/parameters.md with `seedling params --markdown`"


@pytest.mark.parametrize("text", ["/set workspace max_tokens 5", "/unset workspace max_tokens"])
async def test_only_administrators_change_the_whole_workspace(settings: MemoryStore, text: str) -> None:
    with pytest.raises(InvalidInput, match="Only administrators"):
        await typed(settings, text, is_admin=False)
    assert await typed(settings, text.replace("workspace ", "channel "), is_admin=False)


@pytest.mark.parametrize("text", ["/set channel retention 1", "/unset channel retention"])
async def test_only_administrators_say_when_conversations_are_forgotten(settings: MemoryStore, text: str) -> None:
    with pytest.raises(InvalidInput, match="Only administrators can set retention"):
        await typed(settings, text, is_admin=False)
    assert await typed(settings, text)
