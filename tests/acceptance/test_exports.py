"""What operators take out on the command line: ratings, and all that is kept of somebody."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.types import AuditRecord, NewRule, PlaceKind, RuleKind, RulePlace, Subject, SubjectKind
from storage import migrate, open_store
from tests.acceptance.test_command_line import seedling
from tests.contract.stores.conftest import claim
from tests.contract.stores.samples import ADA, incoming, settlement
from tests.fakes import settle

HERE = "slack/T1/C1/171.0001"


async def make_filled(folder: Path) -> None:
    """One answer, which its asker found bad; a setting of hers, and a rule about her."""
    url = f"sqlite:///{folder / 'seedling.db'}"
    await migrate(url)
    async with open_store(url, clock=lambda: datetime.now(UTC)) as store:
        await store.enqueue(incoming("a", platform_data={"response_url": "https://hooks.example/secret"}))
        turn = await claim(store)
        await settle(store, turn, settlement())
        await store.note_feedback(turn.id, ADA.id, good=False)
        at, who = datetime.now(UTC), f"slack/{ADA.id}"
        await store.record_audit(AuditRecord(at=at, who=who, place="slack/T1", action="setting", what="context"))
        subject = Subject(kind=SubjectKind.PERSON, id=who)
        place = RulePlace(kind=PlaceKind.WORKSPACE, key="slack/T1")
        await store.add_rule(NewRule(kind=RuleKind.MANAGER, subject=subject, place=place))


async def test_ratings_are_read_as_a_table_and_as_json_lines(tmp_path: Path) -> None:
    await make_filled(tmp_path)
    done = await seedling(tmp_path, "feedback")
    assert done.code == 0
    assert "    question a" in done.out.splitlines()
    assert "slack/T1/C1" in done.out
    done = await seedling(tmp_path, "feedback", "--days", "1", "--json")
    (line,) = done.out.splitlines()
    told = json.loads(line)
    assert (told["conversation"], told["verdict"], told["answer"]) == (HERE, "bad", "answer")


async def test_an_export_is_private_complete_recorded_and_without_secrets(tmp_path: Path) -> None:
    await make_filled(tmp_path)
    file = tmp_path / "ada.json"
    done = await seedling(tmp_path, "export", "person", "slack", ADA.id, str(file))
    assert (done.code, done.err) == (0, "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    told = json.loads(text)
    assert [(item["text"], item["answer"]) for item in told["messages"]] == [("question a", "answer")]
    assert [(item["conversation"], item["good"]) for item in told["feedback"]] == [(HERE, False)]
    assert [item["what"] for item in told["changes"]] == ["context"]
    assert len(told["access_rules"]) == 1
    assert "secret" not in text
    assert (await seedling(tmp_path, "export", "person", "slack", ADA.id)).json == told
    trail = (await seedling(tmp_path, "audit", "--who", "operator", "--json")).out.splitlines()
    assert [(item["action"], item["what"]) for item in map(json.loads, trail)] == [("export", "slack/U1")] * 2


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        pytest.param(["feedback", "--days", "0"], 64, "'0' is not a whole number of days", id="no-days"),
        pytest.param(
            ["export", "person", "Slack", "U1"], 64, "no platform 'Slack'; it is one of slack, ", id="platform"
        ),
        pytest.param(
            ["export", "person", "slack", "U1", "there"], 64, "there already exists", id="a-file-that-is-there"
        ),
        pytest.param(["export", "person", "slack", "U1", "no/file"], 74, "could not be written", id="no-folder"),
    ],
)
async def test_bad_input_is_one_line(tmp_path: Path, arguments: list[str], code: int, message: str) -> None:
    (tmp_path / "there").write_text("kept")
    done = await seedling(tmp_path, *arguments)
    assert (done.code, done.out, done.err.count("\n")) == (code, "", 1)
    assert message in done.err
    assert (tmp_path / "there").read_text() == "kept"
