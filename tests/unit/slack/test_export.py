"""A Slack workspace export comes into the playground whole, once, and only when it is one."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.export import import_export, read_export
from adapters.slack.export.archive import ExportLimits
from bot.errors import InvalidInput
from bot.types import Attachment, Channel, ChannelMessage, Person, Workspace
from storage import migrate, open_store
from storage.in_memory.store import MemoryStore
from tests.fakes import ManualClock

DAY = "general/2026-01-05.json"
ADA = {"id": "U1", "team_id": "T1", "name": "ada", "profile": {"display_name": "Ada"}}
BO = {"id": "U2", "team_id": "T1", "name": "bo", "deleted": True, "profile": {"real_name": "Bo Berg"}}
APP = {"id": "U3", "team_id": "T1", "name": "app", "is_bot": True, "profile": {}}
GENERAL = {"id": "C1", "name": "general", "topic": {"value": "All of <#C1>"}}


def said(said: str, **more: Any) -> dict[str, Any]:
    return {"type": "message", "user": "U1", "text": said, "ts": "1767600000.000100", **more}


def write_zip(path: Path, files: Mapping[str, Any]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content if isinstance(content, bytes) else json.dumps(content))
    return path


def make_export(folder: Path, messages: Sequence[Any], **more: Any) -> Path:
    files = {"channels.json": [GENERAL], "users.json": [ADA, BO, APP], DAY: messages}
    return write_zip(folder / "Acme Slack export Jan 1 2026 - Jan 9 2026.zip", files | more)


def read_messages(path: Path) -> list[ChannelMessage]:
    with read_export(path) as export:
        messages = list(export.messages())
        assert len(messages) == export.survey.messages
        return messages


# ---------------------------------------------------------------- what is in it


def test_workspace_channels_and_people_have_their_names(tmp_path: Path) -> None:
    with read_export(make_export(tmp_path, [])) as export:
        assert export.workspace == Workspace(id="acme-t1", name="Acme")
        assert export.channels == [Channel(workspace="acme-t1", id="C1", name="general", topic="All of #general")]
        assert export.people == [
            Person(id="U1", name="Ada"),
            Person(id="U2", name="Bo Berg"),
            Person(id="U3", name="app", is_bot=True),
        ]


def test_a_later_export_of_the_same_team_is_the_same_workspace(tmp_path: Path) -> None:
    first = make_export(tmp_path, [])
    second = first.rename(tmp_path / "Acme Slack export Feb 1 2026 - Feb 9 2026.zip")
    with read_export(second) as export:
        assert export.workspace.id == "acme-t1"


@pytest.mark.parametrize(
    ("name", "team", "id"),
    [("local", "", "slack-local"), ("!", "LOCAL", "slack-local"), ("acme", "../T/1", "acme-t-1")],
)
def test_no_export_lies_in_the_workspace_of_the_playground(tmp_path: Path, name: str, team: str, id: str) -> None:
    files = {"channels.json": [GENERAL], "users.json": [{**ADA, "team_id": team}], DAY: []}
    with read_export(write_zip(tmp_path / f"{name}.zip", files)) as export:
        assert export.workspace.id == id


def test_a_message_has_its_time_author_and_words(tmp_path: Path) -> None:
    edited = said("*hi* <@U2>", edited={"user": "U1", "ts": "1767600009.000000"})
    (message,) = read_messages(make_export(tmp_path, [edited]))
    assert message == ChannelMessage(
        workspace="acme-t1",
        channel="C1",
        id="1767600000.000100",
        author=Person(id="U1", name="Ada"),
        text="*hi* @Bo Berg",
        at=datetime(2026, 1, 5, 8, 0, 0, 100, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("record", "author"),
    [
        pytest.param({"user": "U2"}, Person(id="U2", name="Bo Berg"), id="who-has-left"),
        pytest.param({"user": "U9"}, Person(id="U9", name="U9"), id="who-is-in-no-list"),
        pytest.param(
            {"user": "U9", "user_profile": {"display_name": "", "real_name": "Eve"}},
            Person(id="U9", name="Eve"),
            id="from-another-workspace",
        ),
        pytest.param(
            {"user": None, "subtype": "bot_message", "bot_id": "B1", "username": "deploy"},
            Person(id="B1", name="deploy", is_bot=True),
            id="an-app",
        ),
        pytest.param({"user": None}, Person(id="unknown", name="unknown"), id="nobody"),
    ],
)
def test_every_author_has_a_name_and_is_among_the_people(
    tmp_path: Path, record: Mapping[str, Any], author: Person
) -> None:
    path = make_export(tmp_path, [said("hi", **record)])
    assert [message.author for message in read_messages(path)] == [author]
    with read_export(path) as export:
        assert author in export.people


def test_replies_hang_on_their_root(tmp_path: Path) -> None:
    root = said("root", ts="1.000001", thread_ts="1.000001", reply_count=2)
    replies = [said("reply", ts=f"2.00000{n}", thread_ts="1.000001") for n in (1, 2)]
    assert [message.thread for message in read_messages(make_export(tmp_path, [root, *replies]))] == [
        "",
        "1.000001",
        "1.000001",
    ]


def test_the_oldest_reply_takes_the_place_of_a_root_that_is_gone(tmp_path: Path) -> None:
    gone = said("This message was deleted.", ts="1.000001", thread_ts="1.000001", subtype="tombstone")
    replies = [said("reply", ts=f"2.00000{n}", thread_ts="1.000001") for n in (1, 2, 3)]
    path = make_export(tmp_path, [gone, *replies])
    assert [message.thread for message in read_messages(path)] == ["", "2.000001", "2.000001"]
    with read_export(path) as export:
        assert export.survey.threads == 1


def test_files_are_named_and_their_tokens_dropped(tmp_path: Path) -> None:
    files = [
        {"id": "F1", "name": "a.png", "mimetype": "image/png", "size": 9, "url_private": "https://f.example/a?t=xoxe-1&v=2"},
        {"id": "F2", "mode": "tombstone"},
        {"id": "F3", "title": "Notes"},
    ]  # fmt: skip
    (message,) = read_messages(make_export(tmp_path, [said("", files=files)]))
    assert message.attachments == (
        Attachment(id="F1", name="a.png", media_type="image/png", size=9, url="https://f.example/a?v=2"),
        Attachment(id="F2", name="a deleted file"),
        Attachment(id="F3", name="Notes"),
    )


@pytest.mark.parametrize(
    ("record", "text"),
    [
        pytest.param({"attachments": [{"title": "Build", "title_link": "https://b.example", "text": "*ok*"}]},
                     "[card] Build <https://b.example>\n  *ok*", id="an-attachment"),
        pytest.param({"attachments": [{"fallback": "ok"}]}, "[card]\n  ok", id="a-fallback"),
        pytest.param({"blocks": [{"type": "section", "text": {"text": "_ok_"}}]}, "_ok_", id="a-block"),
        pytest.param({"text": "waves", "subtype": "me_message"}, "_waves_", id="an-action"),
        pytest.param({"text": "set the topic: x", "subtype": "channel_topic"},
                     "[system message] set the topic: x", id="a-notice"),
        pytest.param({"text": "a\ud800\u0000b"}, "a?b", id="what-no-database-stores"),
    ],
)  # fmt: skip
def test_what_a_message_says_is_found_where_it_is(tmp_path: Path, record: Mapping[str, Any], text: str) -> None:
    (message,) = read_messages(make_export(tmp_path, [said("", **record)]))
    assert message.text == text


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(said("<@U1> has joined the channel", subtype="channel_join"), id="a-join"),
        pytest.param(said("  "), id="empty"),
        pytest.param(said("hi", hidden=True), id="hidden"),
        pytest.param(said("hi", ts="yesterday"), id="without-a-time"),
        pytest.param({}, id="without-anything"),
    ],
)
def test_what_says_nothing_is_left_out_and_counted(tmp_path: Path, record: Mapping[str, Any]) -> None:
    path = make_export(tmp_path, [record, "no record at all"])
    assert read_messages(path) == []
    with read_export(path) as export:
        assert export.survey.left_out == 1


def test_private_channels_and_direct_messages_are_read_where_they_are(tmp_path: Path) -> None:
    more = {
        "groups.json": [{"id": "G1", "name": "secret"}],
        "dms.json": [{"id": "D1", "members": ["U1", "U2"]}],
        "secret/2026-01-06.json": [said("a")],
        "D1/2026-01-06.json": [said("b")],
    }
    path = make_export(tmp_path, [], **more)
    assert [(message.channel, message.text) for message in read_messages(path)] == [("G1", "a"), ("D1", "b")]
    with read_export(path) as export:
        assert [channel.name for channel in export.channels] == ["general", "secret", "Ada, Bo Berg"]


def test_an_export_packed_again_inside_a_folder_is_read(tmp_path: Path) -> None:
    files = {"acme/channels.json": [GENERAL], f"acme/{DAY}": [said("hi")], "__MACOSX/acme/._channels.json": b"x"}
    assert [message.text for message in read_messages(write_zip(tmp_path / "acme.zip", files))] == ["hi"]


# ---------------------------------------------------------------- what is none


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        pytest.param({"users.json": []}, "no channels.json", id="another-zip"),
        pytest.param({"channels.json": b"[{"}, "channels.json in it is not valid JSON", id="broken-index"),
        pytest.param({"channels.json": b"\xff\xfe\xff"}, "not valid JSON", id="no-text"),
        pytest.param({"channels.json": b"[" * 200_000}, "not valid JSON", id="endless-nesting"),
        pytest.param({"channels.json": {"ok": False}}, "holds no list", id="an-object"),
        pytest.param({"channels.json": [GENERAL], DAY: b"<html>"}, f"{DAY} in it is not valid JSON", id="broken-day"),
        pytest.param({"channels.json": [], "x": bytes(32 * 2**20)}, "no real export does", id="a-bomb"),
    ],
)
def test_a_zip_that_is_no_export_is_refused_by_name(tmp_path: Path, files: Mapping[str, Any], fault: str) -> None:
    with pytest.raises(InvalidInput, match=fault) as caught:
        read_messages(write_zip(tmp_path / "some file.zip", files))
    assert "'some file.zip'" in str(caught.value)


def test_a_file_that_is_no_zip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"hello")
    for path, fault in (
        (tmp_path / "a.zip", "not a ZIP file"),
        (tmp_path / "b.zip", "no such file"),
        (tmp_path, "read"),
    ):
        with pytest.raises(InvalidInput, match=fault), read_export(path):
            pass


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = make_export(tmp_path, [])
    content = bytearray(path.read_bytes())
    for header, flags in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):  # ZIP application note, 4.3.7 and 4.3.12
        content[content.index(header) + flags] |= 1
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match="encrypted"), read_export(path):
        pass


def test_a_damaged_zip_is_refused(tmp_path: Path) -> None:
    path = make_export(tmp_path, [])
    content = path.read_bytes().replace(b"channels.json", b"channelz.json", 1)  # the name before the data alone
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match="damaged"), read_export(path):
        pass


def test_a_list_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = make_export(tmp_path, [said("x" * 200)])
    with pytest.raises(InvalidInput, match="larger than"), read_export(path, ExportLimits(file=100)):
        pass


def test_names_that_point_outside_are_only_names(tmp_path: Path) -> None:
    (tmp_path / "2026-01-05.json").write_text(json.dumps([said("outside")]))
    files = {"channels.json": [{"id": "C1", "name": ".."}], "../2026-01-05.json": [said("inside")]}
    assert [message.text for message in read_messages(write_zip(tmp_path / "x.zip", files))] == ["inside"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["1.1", "U1", "C1", "general"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "name", "user", "text", "ts", "thread_ts", "files", "profile", "topic", "attachments"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


@given(channels=st.lists(JSON, max_size=3), users=st.lists(JSON, max_size=3), messages=st.lists(JSON, max_size=4))
def test_records_of_any_shape_are_read_or_left_out(
    tmp_path_factory: pytest.TempPathFactory, channels: Any, users: Any, messages: Any
) -> None:
    files = {"channels.json": [GENERAL, *channels], "users.json": users, DAY: messages}
    path = write_zip(tmp_path_factory.getbasetemp() / "any.zip", files)
    for message in read_messages(path):
        assert message.id
        assert message.author.name


# ---------------------------------------------------------------- into the store


async def test_a_second_import_changes_nothing(tmp_path: Path) -> None:
    path = make_export(tmp_path, [said("hi"), said("joined", ts="2.000001", subtype="channel_join")])
    store = MemoryStore(clock=ManualClock())
    told: list[tuple[int, int]] = []
    first = await import_export(path, store, progress=lambda done, total: told.append((done, total)))
    before = await store.get_messages("acme-t1", "C1", limit=9)
    second = await import_export(path, store)
    assert (first.messages, first.new, first.left_out) == (1, 1, 1)
    assert (second.messages, second.new) == (1, 0)
    assert told == [(0, 1), (1, 1)]
    assert await store.get_messages("acme-t1", "C1", limit=9) == before
    assert str(first).startswith("Imported 1 messages (1 new) with 0 threads, 1 channels and 3 people into 'Acme'")


async def test_a_fault_in_the_last_file_leaves_the_store_untouched(tmp_path: Path) -> None:
    path = make_export(tmp_path, [said("hi")], **{"general/2026-01-09.json": b"{"})
    store = MemoryStore(clock=ManualClock())
    with pytest.raises(InvalidInput, match="2026-01-09"):
        await import_export(path, store)
    assert await store.get_workspaces() == []


async def test_real_conversations_arrive_whole(shared_data: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'seedling.db'}"
    await migrate(url)
    async with open_store(url, clock=ManualClock()) as store:
        report = await import_export(shared_data / "chat" / "irc-ubuntu-slack-export.zip", store)
        assert (report.messages, report.new, report.threads, report.channels) == (5_107, 5_107, 132, 4)
        channels = await store.get_channels(report.workspace.id)
        roots = [
            message
            for channel in channels
            for message in await store.get_messages(report.workspace.id, channel.id, limit=5_107)
        ]
    assert sum(1 + message.replies for message in roots) == 5_107
    assert sum(message.replies > 0 for message in roots) == 132
