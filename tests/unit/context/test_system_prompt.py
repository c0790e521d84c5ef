import re

from hypothesis import given
from hypothesis import strategies as st

from bot.context.system_prompt import ANSWERING, MEMORY_TITLE, PERSONA, READING, digest, system_prompt


def test_the_built_in_persona_is_used_when_there_is_no_other() -> None:
    assert system_prompt(None, "") == system_prompt("", "") == system_prompt("  ", "")
    assert system_prompt(None).startswith(f"{PERSONA}\n\n{READING}")


def test_a_persona_replaces_the_description_and_keeps_the_rules() -> None:
    text = system_prompt("You are a pirate.", "")
    assert text.startswith("You are a pirate.")
    assert READING in text
    assert ANSWERING in text
    assert PERSONA not in text


def test_the_memory_stands_at_the_end() -> None:
    assert system_prompt(None, "- Ada likes tea.").endswith(f"{MEMORY_TITLE}\n- Ada likes tea.")


def test_nothing_in_the_head_changes_by_itself() -> None:
    assert not re.search(r"\d", system_prompt(None, ""))


@given(st.text(), st.text(), st.text())
def test_equal_heads_and_only_those_have_equal_digests(persona: str, memory: str, other: str) -> None:
    assert digest(system_prompt(persona, memory)) == digest(system_prompt(persona, memory))
    assert (system_prompt(persona, memory) == system_prompt(other, memory)) == (
        digest(system_prompt(persona, memory)) == digest(system_prompt(other, memory))
    )
