"""The rules of `follow_ups=auto` on recorded threads, and how they are scored."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from benchmarks.follow_ups import JUDGES, Case, main, read_cases, score
from bot.types import BOT, Utterance


@pytest.fixture(scope="module")
def cases(shared_data: Path) -> list[Case]:
    return list(read_cases(shared_data / "chat"))


def test_every_judged_message_of_the_recording_is_read(cases: list[Case]) -> None:
    assert len(cases) == 786
    assert all(any(said.speaker == BOT for said in case.before) for case in cases)
    assert all(case.said.speaker != BOT for case in cases)


def test_with_one_person_it_is_never_wrong(cases: list[Case]) -> None:
    two = [case for case in cases if case.people == 2]
    found = score(two, JUDGES["auto"])
    assert len(two) > 80
    assert found.spoke_share == 0
    assert found.silent_share <= 0.03


def test_among_many_it_is_seldom_wrong_and_much_less_than_the_other_ways(cases: list[Case]) -> None:
    many = [case for case in cases if case.people > 2]
    auto, always, mentioned = (score(many, JUDGES[name]) for name in ("auto", "always", "mentioned"))
    assert auto.spoke_share <= 0.04
    assert auto.silent_share <= 0.06
    assert always.spoke_share > 0.45
    assert mentioned.silent_share > 0.3


def test_a_case_says_who_was_meant(tmp_path: Path) -> None:
    """Ada asks, Ben answers most and plays the bot; her second line hangs on her first, and Cyd answers her."""
    said = [
        ("1", "A", "who has the key?", ""),
        ("2", "B", "I do", "1"),
        ("3", "A", "good,", "2"),
        ("4", "A", "where are you?", "3"),
        ("5", "C", "ask ben", "4"),
        ("6", "B", "upstairs", "4"),
        ("7", "A", "thanks ben", "6"),
        ("8", "C", "talking to myself", ""),
        ("9", "C", "on and on", "8"),
        ("10", "B", "any time", "7"),
        ("11", "B", "come up", "10"),
    ]
    messages = [{"ts": ts, "thread_ts": "1", "user": user, "text": text} for ts, user, text, _ in said]
    with zipfile.ZipFile(tmp_path / "irc-ubuntu-slack-export.zip", "w") as export:
        export.writestr(
            "users.json",
            json.dumps([{"id": item, "name": name} for item, name in zip("ABC", ["ada", "ben", "cyd"], strict=True)]),
        )
        export.writestr("general/day.json", json.dumps(messages))
    links = ["channel,ts,replies_to", *(f"general,{ts},{to}" for ts, _, _, to in said if to)]
    (tmp_path / "irc-ubuntu-replies.csv").write_text("\n".join(links))
    found = {case.said.text: case for case in read_cases(tmp_path)}
    assert {text: case.meant for text, case in found.items()} == {
        "good,": False,
        "where are you?": True,
        "ask ben": False,
        "thanks ben": False,
    }
    assert {text for text, case in found.items() if case.mentions} == {"ask ben", "thanks ben"}
    assert found["good,"].before[-1] == Utterance(speaker=BOT, name="ben", text="I do")
    assert {case.people for case in found.values()} == {3}


def test_shares_are_of_all_messages() -> None:
    said = Utterance(speaker="a", text="x")
    judged = [Case(said=said, before=(), people=2, mentions=mentions, meant=meant) for mentions, meant in
              ((True, True), (True, False), (False, True), (False, True))]  # fmt: skip
    found = score(judged, JUDGES["mentioned"])
    assert (found.spoke_share, found.silent_share) == (0.25, 0.5)


def test_without_a_recording_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SEEDLING_TEST_DATA", str(tmp_path))
    assert main([]) == 1
    assert "no recorded talk" in capsys.readouterr().err


def test_the_table_has_a_row_for_each_way(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    rows = capsys.readouterr().out.splitlines()[2:]
    assert [row.split(" | ")[1] for row in rows] == list(JUDGES) * 2
