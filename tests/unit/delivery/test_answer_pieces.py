"""Pieces of answers: a long one is rendered no further than it is shown, and what is shown of it is the same."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it.token import Token

from adapters.discord.replies.markdown import DiscordRenderer
from adapters.slack.replies.markdown import SlackRenderer
from bot.delivery import AnswerPieces, MarkdownRenderer, Piece, known, split
from bot.delivery.renderer import Block, Cut
from bot.types import Draft, ReplyStatus
from tests.unit.delivery.markdown import DOCUMENTS, SOUP, real_answers

LIMIT = 80
RENDERERS = (MarkdownRenderer, DiscordRenderer, SlackRenderer)
LONG = st.lists(st.one_of(DOCUMENTS, SOUP), min_size=2, max_size=4).map("\n\n".join)


def draft(text: str, status: ReplyStatus = "done", *, file_name: str = "") -> Draft:
    return Draft(status=status, text=text, links=("https://example.com/3",), file_name=file_name)


def whole(renderer: type[MarkdownRenderer], text: str) -> list[Piece]:
    return split(renderer(known(draft(text).addresses)).render(text), limit=LIMIT)


def shown(pieces: Sequence[Piece]) -> list[str]:
    return [piece.shown for piece in pieces if piece.shown.strip()]


class Counted(MarkdownRenderer):
    """A renderer that counts the lines it is given."""

    lines = 0

    def blocks(
        self, tokens: Sequence[Token], lines: Sequence[str], *, after_blank: bool = False, cut: Cut | None = None
    ) -> list[Block]:
        self.lines += len(lines)
        return super().blocks(tokens, lines, after_blank=after_blank, cut=cut)


@pytest.mark.parametrize("renderer", RENDERERS)
@given(text=LONG, most=st.integers(1, 4))
def test_as_many_as_are_shown_are_those_of_the_whole_answer(
    renderer: type[MarkdownRenderer], text: str, most: int
) -> None:
    text = text.replace("=", "-")  # a double line makes a heading of the line above it, which growing text cannot tell
    everything, answer = whole(renderer, text), AnswerPieces(renderer(), limit=LIMIT)
    few = answer.divide(draft(text), growing=False, most=most)
    assert (len(shown(few)) > most) == (len(shown(everything)) > most)
    assert shown(few)[:most] == shown(everything)[:most]
    if len(everything) > 1:
        assert answer.first(50) == split(renderer(known(draft(text).addresses)).render(text), limit=50)[0].shown
    assert answer.divide(draft(text), growing=False) == everything


@pytest.mark.parametrize("renderer", RENDERERS)
def test_a_growing_answer_stays_as_it_was_when_more_comes_than_is_shown(renderer: type[MarkdownRenderer]) -> None:
    text = "\n\n".join(real_answers()[:12])
    answer = AnswerPieces(renderer(), limit=LIMIT)
    steps = [
        shown(answer.divide(draft(text[:end], "writing"), growing=True, most=2))[:2] for end in range(0, len(text), 61)
    ]
    assert all("".join(later).startswith("".join(before[:-1])) for before, later in pairwise(steps))
    assert steps[-1] == shown(whole(renderer, text))[:2] == shown(answer.divide(draft(text), growing=False, most=2))[:2]


@pytest.mark.parametrize("file_name", ["", "a.md"])
@pytest.mark.parametrize("line", ["word\n\n", "- word\n", "word\n"])
def test_no_more_is_rendered_than_is_shown(line: str, file_name: str) -> None:
    def lines(text: str) -> int:
        renderer = Counted()
        AnswerPieces(renderer, limit=LIMIT).divide(draft(text, file_name=file_name), growing=False, most=2)
        return renderer.lines

    assert lines(line * 10_000) == lines(line * 1_000) < 500
