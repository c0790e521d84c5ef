"""What people change at the console: through the doors that every platform uses, recorded, and not over each other."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, time
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from tempfile import gettempdir
from zipfile import ZipFile

import httpx
import pytest

from adapters.web.frame import WebRole
from bot.errors import ConfigError
from bot.turns.dispatcher import is_paused
from bot.types import AuditRecord, Channel, Dimension, NewSchedule, PlaygroundFile, Workspace
from tests.fakes import KEY
from tests.unit.web.console.console_stage import ADA, SAID, ConsoleStage, fill
from tests.unit.web.frame.browsers import PASSWORD, post, sign_in


async def trail(stage: ConsoleStage) -> list[AuditRecord]:
    """What was recorded, without sign-ins."""
    records = await stage.store.audit_trail(since=datetime.min.replace(tzinfo=UTC), limit=99)
    return [record for record in records if record.action != "sign-in"]


# ---------------------------------------------------------------- spending


async def test_the_page_tells_the_same_sum_as_the_command_line_and_usage(stage: ConsoleStage) -> None:
    await fill(stage)
    stage.clock.advance(1)
    today = stage.clock().date()
    begin = datetime(today.year, today.month, 1, tzinfo=UTC)
    whole = await stage.store.usage_totals(since=begin, until=stage.clock())
    assert whole.cost > 0
    async with stage.person(WebRole.VIEWER) as client:
        rows = (await client.get("/console/spending.csv?by=day")).text.splitlines()[1:]
        people = (await client.get("/console/spending.csv?by=person")).text.splitlines()[1:]
    for table in (rows, people):
        assert sum(Decimal(row.split(",")[6]) for row in table) == whole.cost
        assert sum(int(row.split(",")[1]) for row in table) == whole.requests


async def test_a_budget_is_set_changed_and_removed(stage: ConsoleStage) -> None:
    async with stage.person(WebRole.ADMINISTRATOR) as client:
        page = await client.get("/console/spending/budget?place=fake/w&period=month")
        answer = await post(client, page, amount="20")
        assert answer.headers["location"] == "/console/spending#budgets"
        [use] = await stage.store.budget_uses()
        assert (use.budget.scope.place, use.budget.amount, use.budget.period) == ("fake/w", Decimal(20), "month")
        assert "fake/w, a month" in (await client.get("/console/spending")).text.lower()
        page = await client.get("/console/spending/budget?place=fake/w&period=month")
        await post(client, page, remove="yes")
        assert not await stage.store.budget_uses()
    assert [(record.who, record.action, record.place, record.via) for record in await trail(stage)] == [
        ("local/administrator-1", "budget", "fake/w", "console"),
        ("local/administrator-1", "budget", "fake/w", "console"),
    ]


@pytest.mark.parametrize("amount", ["", "0", "-5", "nan", "1e99", "<b>", "9" * 5_000])
async def test_a_budget_that_is_none_is_told_at_its_field(stage: ConsoleStage, amount: str) -> None:
    async with stage.person(WebRole.ADMINISTRATOR) as client:
        answer = await post(client, await client.get("/console/spending/budget"), amount=amount)
        assert answer.status_code == 422
        assert 'id="amount-error"' in answer.text
    assert not await stage.store.budget_uses()


async def test_the_second_of_two_who_change_a_budget_is_told(stage: ConsoleStage) -> None:
    async with stage.person(WebRole.ADMINISTRATOR) as client:
        first = await client.get("/console/spending/budget")
        second = await client.get("/console/spending/budget")
        await post(client, first, amount="20")
        answer = await post(client, second, amount="50")
        assert (answer.status_code, "Somebody changed this meanwhile: it is $20.00 now" in answer.text) == (422, True)
        assert (await post(client, answer, amount="50")).status_code == 303
    assert [use.budget.amount for use in await stage.store.budget_uses()] == [Decimal(50)]


# ---------------------------------------------------------------- settings


async def test_a_setting_is_saved_told_at_the_field_and_recorded(stage: ConsoleStage) -> None:
    place = "fake/w/c"
    async with stage.person(WebRole.OPERATOR) as client:
        page = await client.get(f"/console/settings?place={place}")
        wrong = await post(client, page, name="max_tokens", value="many", before="", place=place)
        assert (wrong.status_code, 'id="max_tokens-error"' in wrong.text) == (422, True)
        assert (await post(client, page, name="max_tokens", value="99", before="", place=place)).status_code == 303
        shown = (await client.get(f"/console/settings?place={place}/t")).text
        assert "It is set for the channel." in shown
        second = await post(client, page, name="max_tokens", value="50", before="", place=place)
        assert (second.status_code, "it is 99 now, and was not set" in second.text) == (422, True)
        taken_back = await post(client, page, name="max_tokens", value="", before="99", place=place)
        assert taken_back.status_code == 303
    assert [(record.what, record.before, record.after, record.who) for record in await trail(stage)] == [
        ("max_tokens", "", "99", "local/operator-1"),
        ("max_tokens", "99", "", "local/operator-1"),
    ]


async def test_of_two_who_save_the_same_in_one_moment_one_is_told(stage: ConsoleStage) -> None:
    setting, budget = "/console/settings?place=fake/w/c", "/console/spending/budget"
    async with stage.person(WebRole.ADMINISTRATOR) as ada, stage.person(WebRole.OPERATOR) as bob:
        page = await ada.get(setting)
        pages = [(ada, page, "7"), (bob, await bob.get(setting), "8")]
        forms = [
            post(client, page, name="max_tokens", value=value, before="", place="fake/w/c")
            for client, page, value in pages
        ]
        saved = sorted(answer.status_code for answer in await asyncio.gather(*forms))
        page = await ada.get(budget)
        amounts = await asyncio.gather(post(ada, page, amount="20"), post(ada, page, amount="50"))
    assert saved == [303, 422]
    assert sorted(answer.status_code for answer in amounts) == [303, 422]
    assert len(await trail(stage)) == 2


@pytest.mark.parametrize("place", ["", "slack", "a//b", "x" * 5_000])
async def test_a_setting_needs_a_place(stage: ConsoleStage, place: str) -> None:
    async with stage.person(WebRole.OPERATOR) as client:
        page = await client.get("/console/settings")
        answer = await post(client, page, name="max_tokens", value="9", before="", place=place)
        assert answer.status_code == 422


# ---------------------------------------------------------------- turns


async def test_reading_what_people_wrote_needs_a_role_and_is_recorded(stage: ConsoleStage) -> None:
    await fill(stage)
    async with stage.person(WebRole.VIEWER) as viewer, stage.person(WebRole.OPERATOR) as operator:
        page = await viewer.get("/console/turns/1")
        assert "Operators can read it." in page.text
        assert (await post(viewer, page, "/console/turns/1/words")).status_code == 403
        words = await post(operator, await operator.get("/console/turns/1"), "/console/turns/1/words")
        assert "Is &lt;script&gt;alert(1)&lt;/script&gt; here" in words.text
        assert SAID not in words.text
        assert "Yes, it is." in words.text
    assert [(record.action, record.what, record.place) for record in await trail(stage)] == [
        ("read", "turn 1", str(KEY))
    ]


async def test_a_turn_is_asked_again_and_its_conversation_forgotten(stage: ConsoleStage) -> None:
    await fill(stage)
    async with stage.person(WebRole.OPERATOR) as client:
        page = await client.get("/console/turns/3")
        assert "the account has no credits left" in page.text
        answer = await post(client, page, "/console/turns/3/retry")
        assert answer.headers["location"] == "/console/turns/3?done=retry"
        while await stage.store.open_conversations():
            await asyncio.sleep(0.005)
        assert "answered" not in (await client.get("/console/turns/4")).text
        assert (await client.get("/console/turns/4")).status_code == 200
        assert re.search(r"<details>(?:(?!</details>).)*/turns/3/forget", page.text, re.DOTALL), "it takes two steps"
        await post(client, page, "/console/turns/1/forget")
        assert not await stage.store.get_entries(KEY, start=0)
        assert (await post(client, page, "/console/turns/1/explode")).status_code == 404
    assert [record.action for record in await trail(stage)] == ["retry", "forget"]


async def test_an_answer_that_is_being_written_is_stopped(stage: ConsoleStage) -> None:
    stage.model.scripts[:] = [[asyncio.Event()]]
    await stage.ask("Slowly?", 1, settles=False)
    while not stage.model.asked:
        await asyncio.sleep(0.005)
    async with stage.person(WebRole.OPERATOR) as client:
        await post(client, await client.get("/console/turns/1"), "/console/turns/1/stop")
    while await stage.store.open_conversations():
        await asyncio.sleep(0.005)
    report = await stage.store.turn_report(1)
    assert report is not None
    assert report.turn.state == "cancelled"


# ---------------------------------------------------------------- queue


async def test_a_paused_queue_keeps_questions_until_it_goes_on(stage: ConsoleStage) -> None:
    async with stage.person(WebRole.OPERATOR) as client:
        await post(client, await client.get("/console/queue"), "/console/queue/pause")
        assert await is_paused(stage.store)
        await stage.ask("Now?", 1, settles=False)
        assert "The queue is paused." in (await client.get("/console/queue")).text
        assert not stage.model.asked
        await post(client, await client.get("/console/queue"), "/console/queue/resume")
        stage.dispatcher.wake(KEY)
        while await stage.store.open_conversations():
            await asyncio.sleep(0.005)
    assert len(stage.model.asked) == 1
    assert [record.what for record in await trail(stage)] == ["paused", "resumed"]


# ---------------------------------------------------------------- access


async def test_accounts_sign_ins_and_rules_are_administered(stage: ConsoleStage) -> None:
    async with stage.person(WebRole.ADMINISTRATOR) as client, stage.browser() as bob:
        page = await client.get("/console/access")
        short = await post(client, page, "/console/access/accounts", name="bob", role="viewer", password="short")
        assert (short.status_code, 'id="password-error"' in short.text) == (422, True)
        await post(client, page, "/console/access/accounts", name="bob", role="viewer", password=PASSWORD)
        assert (await sign_in(bob, PASSWORD, name="bob")).status_code == 303
        session = next(item for item in await stage.frame.sign_ins.sessions.list() if item.account == "bob")
        await post(client, page, "/console/access/sign-ins/end", id=session.id)
        assert (await bob.get("/console")).status_code == 303
        wrong = await post(client, page, "/console/access/rules", words="perhaps guests", place="")
        assert (wrong.status_code, 'id="words-error"' in wrong.text) == (422, True)
        wrong = await post(client, page, "/console/access/rules", words="deny <b>", place="")
        assert "who <code>&lt;b&gt;</code> is" in wrong.text
        odd = await post(client, page, "/console/access/rules", words="deny `<b>", place="")
        assert "`&lt;b&gt;" in odd.text
        await post(client, page, "/console/access/rules", words="deny guests", place="fake/w")
        [rule] = await stage.store.rules_within("")
        await post(client, page, "/console/access/rules/remove", id=str(rule.id))
        await post(client, page, "/console/access/accounts/remove", name="bob")
        assert not await stage.store.rules_within("")
        shown = (await client.get("/console/audit?who=local/administrator-1")).text
    assert "end of sign-in local/bob" in shown
    assert [(record.action, record.after) for record in await trail(stage)][:1] == [("account", "viewer")]
    assert [record.action for record in await trail(stage)] == ["account", "end of sign-in", "rule", "rule", "account"]


async def test_the_last_administrator_is_neither_removed_nor_given_another_role(stage: ConsoleStage) -> None:
    async with stage.person(WebRole.ADMINISTRATOR) as client:
        page = await client.get("/console/access")
        stage.frame.sign_ins._password = None  # with a password of the installation there is another way in
        (last,) = [item.name for item in await stage.frame.accounts.list() if item.role is WebRole.ADMINISTRATOR]
        removed = await post(client, page, "/console/access/accounts/remove", name=last)
        lowered = await post(
            client, page, "/console/access/accounts", name=f" {last.upper()} ", role="viewer", password=""
        )
        assert {(answer.status_code, 'id="role-error"' in answer.text) for answer in (removed, lowered)} == {
            (422, True)
        }
        await post(client, page, "/console/access/accounts", name="bob", role="administrator", password=PASSWORD)
        assert (await post(client, page, "/console/access/accounts/remove", name="bob")).status_code == 303
    assert [item.name for item in await stage.frame.accounts.list()] == [last]


async def test_a_copy_of_everything_is_taken_and_leaves_nothing_behind(stage: ConsoleStage) -> None:
    async with stage.person(WebRole.ADMINISTRATOR) as client:
        page = await client.get("/console/data")
        answer = await post(client, page, "/console/data/backup")
        assert answer.content.startswith(b"SQLite format 3")
        assert "seedling-2026" in answer.headers["content-disposition"]
        stage.operations.error = ConfigError("DATABASE_URL", "names a server; use pg_dump")
        answer = await post(client, page, "/console/data/backup")
        assert (answer.status_code, "use pg_dump" in answer.text) == (422, True)
    assert [record.action for record in await trail(stage)] == ["backup"]
    assert not left_behind()


def left_behind() -> list[Path]:
    return list(Path(gettempdir()).glob("seedling-backup-*"))


async def test_a_digest_is_paused_goes_on_and_is_removed(stage: ConsoleStage) -> None:
    channel, now = replace(KEY, thread=""), stage.clock()
    schedule = NewSchedule(
        key=channel, author=ADA, at=time(9), weekday=None, time_zone="UTC", next_at=now, since=now, paused=False
    )
    kept = await stage.store.add_schedule(schedule)
    async with stage.person(WebRole.OPERATOR) as client:
        page = await client.get("/console/settings?place=fake/w/c")
        assert "What the model is told first" in page.text
        for action, paused in (("pause", True), ("resume", False)):
            fields = {"place": "fake/w/c", "id": str(kept.id), "action": action}
            await post(client, page, "/console/settings/digests", **fields)
            assert [item.paused for item in await stage.store.get_schedules(channel)] == [paused]
        await post(client, page, "/console/settings/digests", place="fake/w/c", id=str(kept.id), action="remove")
        await post(client, page, "/console/settings/digests", place="a//b", id="x", action="remove")
    assert not await stage.store.get_schedules(channel)
    assert [record.after for record in await trail(stage)] == ["paused", "resumed", "removed"]


async def test_what_is_kept_of_somebody_is_taken_out_and_recorded(stage: ConsoleStage) -> None:
    await fill(stage)
    async with stage.person(WebRole.ADMINISTRATOR) as client:
        page = await client.get("/console/data")
        assert (await post(client, page, "/console/data/person", person="nobody")).status_code == 422
        answer = await post(client, page, "/console/data/person", person="fake/U1")
        with ZipFile(BytesIO(answer.content)) as archive:
            assert archive.namelist() == ["person.json"]
            assert json.loads(archive.read("person.json"))["messages"][0]["text"] == SAID
    assert [(record.action, record.what) for record in await trail(stage)] == [("export", "fake/U1")]


async def test_the_files_of_somebody_are_taken_out_under_names_that_are_only_names(stage: ConsoleStage) -> None:
    place = {"workspace": "W", "channel": "C1"}
    channel = Channel(workspace="W", id="C1", name="general")
    await stage.store.put_workspace(Workspace(id="W", name="Garden"), [channel], [])
    for id, name, author in (("f1", "../../<b>é.png", "ada"), ("f2", "con", "ada"), ("f3", "not theirs", "bob")):
        file = PlaygroundFile(
            **place, id=id, name=name, author=author, media_type="image/png", data=id.encode(), at=stage.clock()
        )
        await stage.store.put_playground_file(file)
    async with stage.person(WebRole.ADMINISTRATOR) as client:
        answer = await post(client, await client.get("/console/data"), "/console/data/person", person="local/ada")
    with ZipFile(BytesIO(answer.content)) as archive:
        told = json.loads(archive.read("person.json"))["files"]
        assert [archive.read(item["in_archive"]) for item in told] == [b"f1", b"f2"]
        assert archive.namelist() == ["person.json", "files/f1-_..__b_é.png", "files/f2-con"]
    assert [(item["name"], item["bytes"]) for item in told] == [("../../<b>é.png", 2), ("con", 2)]
    assert not await asyncio.to_thread(lambda: list(Path(gettempdir()).glob("seedling-person-*")))


async def test_a_name_that_a_spreadsheet_would_compute_is_text(stage: ConsoleStage) -> None:
    record = AuditRecord(at=stage.clock(), who="local/eve", place="local", action="=1+1", what="", via="web")
    await stage.store.record_audit(record)
    async with stage.person(WebRole.ADMINISTRATOR) as client:
        assert ",'=1+1," in (await client.get("/console/audit.csv")).text


@pytest.mark.parametrize("role", [WebRole.STRANGER, WebRole.VIEWER])
async def test_no_change_is_open_to_those_whose_role_does_not_suffice(stage: ConsoleStage, role: WebRole) -> None:
    await fill(stage)
    paths = [
        "/console/examination",
        "/console/spending/budget",
        "/console/access/accounts",
        "/console/access/accounts/remove",
        "/console/access/sign-ins/end",
        "/console/access/rules",
        "/console/access/rules/remove",
        "/console/settings",
        "/console/turns/1/words",
        "/console/turns/1/forget",
        "/console/queue/pause",
        "/console/data/person",
        "/console/data/import",
    ]
    if role is WebRole.STRANGER:
        async with stage.browser() as client:
            assert {(await client.post(path)).status_code for path in paths} == {401}
        return
    async with stage.person(role) as client:
        page: httpx.Response = await client.get("/console")
        assert {(await post(client, page, path)).status_code for path in paths} == {403}
    assert not await trail(stage)
    assert await stage.store.spending_by_key(
        Dimension.TOTAL, since=stage.clock().date(), until=stage.clock().date().replace(year=9999)
    )
