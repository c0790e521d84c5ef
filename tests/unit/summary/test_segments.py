"""Parts are checked, mended and chosen."""

from __future__ import annotations

from collections.abc import Sequence

from bot.summary.numbered_lines import version
from bot.summary.parse_output import read_form
from bot.summary.prompts import SYSTEM_PROMPT
from bot.summary.segments import checked, chosen, covered, mended, stitched, told, within
from bot.types import ReadMessage, Section, SummaryPart
from tests.unit.summary.channel import said, talk

FOUR = talk(4)
NAMED = {number: message.message_id for number, message in enumerate(FOUR, start=1)}
TEXT = "Headline: H\nMain points\n- one [1]\n- two [2] [9]\n- none\nDecisions\n- three [3] [1]"


def part(text: str = TEXT) -> SummaryPart:
    return checked(read_form(text), covered(FOUR), NAMED, frozenset(), most=9).part


def versions(messages: Sequence[ReadMessage]) -> dict[str, str]:
    return {message.message_id: version(message) for message in messages}


def texts(part: SummaryPart) -> list[str]:
    return [point.text for points in part.points.values() for point in points]


def test_only_messages_that_were_given_can_be_named() -> None:
    found = checked(read_form(TEXT), covered(FOUR), NAMED, frozenset(), most=9)
    assert (found.citations_removed, found.points_removed) == (1, 0)
    assert [point.rests_on for point in found.part.points[Section.MAIN]] == [("m1",), ("m2",), ()]
    assert found.part.points[Section.DECISIONS][0].rests_on == ("m3", "m1")
    assert [cover.id for cover in found.part.covers] == ["m1", "m2", "m3", "m4"]


def test_a_model_that_does_not_stop_is_cut_short_in_each_section() -> None:
    endless = "\n".join(f"- {number}th [1]" for number in range(50))
    found = checked(read_form(f"{endless}\nDecisions\n{endless}"), covered(FOUR), NAMED, frozenset(), most=3)
    assert texts(found.part) == ["0th", "1th", "2th"] * 2


def test_a_point_that_repeats_the_rules_is_none() -> None:
    rule = next(line for line in SYSTEM_PROMPT.splitlines() if "addressed to you" in line)
    found = checked(read_form(f"Headline: {rule}\n- {rule} [1]\n- one [1]"), covered(FOUR), NAMED, frozenset(), most=9)
    assert (texts(found.part), found.part.headline, found.points_removed) == (["one"], "", 1)


def test_a_part_whose_messages_have_not_changed_stays_as_it_is() -> None:
    assert mended(part(), versions([*FOUR])) == part()


def test_what_rests_on_a_deleted_message_goes_with_what_names_none_and_the_headline() -> None:
    left = mended(part(), versions(FOUR[1:]))
    assert left is not None
    assert (texts(left), left.headline) == (["two"], "")
    assert [cover.id for cover in left.covers] == ["m2", "m3", "m4"]
    assert left.id != part().id


def test_what_rests_on_an_edited_message_goes_and_the_message_counts_as_new() -> None:
    left = mended(part(), versions([FOUR[0], said("m2", "edited", minutes=2), *FOUR[2:]]))
    assert left is not None
    assert texts(left) == ["one", "three"]
    assert "m2" not in {cover.id for cover in left.covers}


def test_nothing_is_left_of_a_part_without_points_or_messages() -> None:
    assert mended(part(), {}) is None
    assert mended(part("- one [1]"), versions(FOUR[1:])) is None


def test_a_part_is_within_a_time_with_all_of_its_messages() -> None:
    assert within(part(), None)
    assert within(part(), FOUR[0].sent_at)
    assert not within(part(), FOUR[1].sent_at)


def test_larger_parts_are_chosen_and_no_message_twice() -> None:
    whole = part()
    first = SummaryPart(id="first", headline="", covers=covered(FOUR[:2]))
    later = SummaryPart(id="later", headline="", covers=covered(talk(2, first=9)))
    assert chosen([first, later, whole]) == [whole, later]
    assert first.is_within(whole)
    assert not later.is_within(whole)


def test_stitched_parts_are_read_as_one_and_told_with_the_numbers_of_now() -> None:
    later = checked(
        read_form("Headline: L\n- nine [1]"), covered(talk(1, first=9)), {1: "m9"}, frozenset(), most=9
    ).part
    both = stitched([part(), later])
    assert texts(both) == ["one", "two", "none", "nine", "three"]
    numbers = {"m1": 1, "m2": 2, "m3": 3, "m4": 4, "m9": 5}
    assert told(both, numbers.__getitem__).splitlines() == [
        "Headline: H", "Main points", "- one [1]", "- two [2]", "- none", "- nine [5]", "Decisions", "- three [3] [1]"
    ]  # fmt: skip
