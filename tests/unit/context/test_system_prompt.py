import re

from hypothesis import given
from hypothesis import strategies as st

from bot.context.system_prompt import MEMORY_TITLE, PERSONA, RULES, digest, head


def test_the_built_in_persona_is_used_when_there_is_no_other() -> None:
    assert head(None, "") == head("", "") == head("  ", "") == f"{PERSONA}\n\n{RULES}"


def test_a_persona_replaces_the_description_and_keeps_the_rules() -> None:
    text = head("You are a pirate.", "")
    assert text.startswith("You are a pirate.")
    assert RULES in text
    assert PERSONA not in text


def test_the_memory_stands_at_the_end() -> None:
    assert head(None, "- Ada likes tea.").endswith(f"{MEMORY_TITLE}\n- Ada likes tea.")


def test_nothing_in_the_head_changes_by_itself() -> None:
    assert not re.search(r"\d", head(None, ""))


@given(st.text(), st.text(), st.text())
def test_equal_heads_and_only_those_have_equal_digests(persona: str, memory: str, other: str) -> None:
    assert digest(head(persona, memory)) == digest(head(persona, memory))
    assert (head(persona, memory) == head(other, memory)) == (
        digest(head(persona, memory)) == digest(head(other, memory))
    )
