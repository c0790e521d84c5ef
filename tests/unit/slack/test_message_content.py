"""Slack's messages with all their parts: what people see is what the model reads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.slack.message_content import files, mentions
from adapters.slack.payloads import SlackMessage
from adapters.slack.replies.rendering import end_blocks, markdown_blocks
from bot.chat.message_markdown import render
from bot.chat.payload import length_of
from bot.offload import LONG_TEXT
from bot.types import Draft, Footer, Source, Usage
from bot.types.content import MessageContent, Notice, Quote, QuoteKind, ReplyTo
from tests.data import data_folder
from tests.message_cases import cases, shaped, unseen
from tests.unit.slack.elements import NAMES, Json, mrkdwn, plain, read_content, rich, section, text


def shown(message: Json, **options: Any) -> str:
    return render(read_content(message, NAMES, **options))


@pytest.mark.parametrize("case", [pytest.param(item, id=item["id"]) for item in cases("slack")])
def test_the_model_sees_what_people_see(case: Json) -> None:
    assert unseen(case["model_sees"], shown(case["message"])) == []


@pytest.mark.parametrize("path", sorted((data_folder() / "slack_payloads" / "events").glob("Message*.json")))
def test_every_recorded_kind_of_message_is_read(path: Any) -> None:
    event = json.loads(path.read_text(encoding="utf-8"))["event"]
    assert isinstance(read_content(event, {}), MessageContent)


# ---------------------------------------------------------------- the bot's own answers

ANSWER = Draft(
    text="The pump is green.",
    status="done",
    sources=(Source(url="https://example.org/pumps", title="Pumps"),),
    footer=Footer(
        model="seed", usage=Usage(input=1_200, cached=800, output=7), seconds=2.1, cost=None, show_cost=False
    ),
)


@pytest.mark.parametrize("how", ["forward", "link", "root"])
def test_an_answer_that_is_quoted_has_neither_its_small_print_nor_its_buttons(how: str) -> None:
    blocks = [*markdown_blocks(ANSWER.text), *end_blocks(ANSWER, 7)]
    own = {"user": "U0BOT", "bot_id": "B0BOT", "text": ANSWER.text, "blocks": blocks, "ts": "1.1"}
    quote = {"message_blocks": [{"message": {"blocks": blocks}}], "text": ANSWER.text, "author_name": "Seedling"}
    messages: dict[str, Json] = {
        "forward": {"text": "see", "attachments": [quote | {"is_share": True}]},
        "link": {"text": "see", "attachments": [quote | {"is_msg_unfurl": True}]},
        "root": {"text": "see", "subtype": "thread_broadcast", "root": own},
    }
    seen = shown(messages[how])
    assert unseen(["see", ANSWER.text, *(["Pumps"] if how != "root" else [])], seen) == []
    assert not any(word in seen for word in ("1,200", "seed", "Regenerate", "button", "Good answer"))


def test_another_app_s_context_and_buttons_are_read() -> None:
    context = {"type": "context", "elements": [mrkdwn("seed \u00b7 1 token in the bucket")]}
    buttons = {"type": "actions", "elements": [{"type": "button", "text": plain("Stop"), "action_id": "stop"}]}
    assert shown({"bot_id": "B1", "blocks": [context, buttons]}) == "seed \u00b7 1 token in the bucket\n(button: Stop)"


# ---------------------------------------------------------------- said once


def test_a_person_s_blocks_are_what_was_typed_and_the_text_repeats_them() -> None:
    typed = 'SELECT * FROM t WHERE a LIKE "%_y%" && b < 3'
    message = {
        "text": 'SELECT * FROM t WHERE a LIKE "%_y%" &amp;&amp; b &lt; 3',
        "blocks": [rich(section(text(typed)))],
    }
    assert shown(message | {"user": "U1", "client_msg_id": "1"}) == typed


@pytest.mark.parametrize(
    ("text_field", "words", "seen"),
    [
        pytest.param("*Build* failed", "Build failed: step 3", "Build failed: step 3", id="blocks-say-more"),
        pytest.param("Build failed: step 3 &amp; 4", "Build failed", "Build failed: step 3 & 4", id="text-says-more"),
        pytest.param("A new message", "Build failed", "A new message\nBuild failed", id="both-say-something"),
    ],
)
def test_what_an_app_says_in_text_and_blocks_is_said_once(text_field: str, words: str, seen: str) -> None:
    blocks = [{"type": "section", "text": mrkdwn(words)}]
    assert shown({"bot_id": "B1", "subtype": "bot_message", "text": text_field, "blocks": blocks}) == seen


def test_a_fallback_is_read_only_where_there_is_nothing_else() -> None:
    assert shown({"attachments": [{"fallback": "F", "title": "T"}]}) == "[card] T"
    assert shown({"attachments": [{"fallback": "F <@U1>"}]}) == "[card]\n  F @Ada"
    assert shown({"attachments": [{"fallback": "[no preview available]"}]}) == ""
    assert shown({"text": "F", "bot_id": "B1", "attachments": [{"fallback": "F"}]}) == "F"


# ---------------------------------------------------------------- attachments


def test_attachments_of_both_generations_are_cards() -> None:
    old = {
        "pretext": "Heads up",
        "author_name": "Grafana",
        "title": "CPU",
        "title_link": "https://g.example/1",
        "text": "at *99 %*",
        "fields": [{"title": "Host", "value": "<https://h.example|a1>"}, {"title": "", "value": ""}, "odd"],
        "footer": "prod",
        "ts": 1764200000,
        "actions": [{"type": "button", "text": "Silence"}],
    }
    new = {
        "color": "#f00",
        "blocks": [{"type": "section", "text": mrkdwn("Rolled back")}],
        "fallback": "[no preview available]",
    }
    assert shown({"attachments": [old, new]}) == (
        "[card] Grafana: CPU <https://g.example/1>\n  Heads up\n  at *99 %*\n  (button: Silence)\n"
        "  Host: [a1](https://h.example)\n  (prod, 2025-11-26 23:33 UTC)\n\n[card]\n  Rolled back"
    )


def test_a_table_in_an_attachment_is_read() -> None:
    table = {"type": "table", "rows": [[{"type": "raw_text", "text": "Region"}]]}
    content = read_content({"attachments": [{"fallback": "F", "blocks": [table]}]}, NAMES)
    assert render(content) == "| Region |\n|---|"


def test_a_link_s_preview_tells_what_it_is() -> None:
    preview = {
        "service_name": "Example",
        "title": "Why queues grow",
        "title_link": "https://example.org/p/1",
        "text": "A queue grows when more arrives than leaves.",
        "fallback": "Example: Why queues grow",
        "from_url": "https://example.org/p/1",
        "original_url": "https://example.org/p/1",
    }
    message = {"text": "<https://example.org/p/1>", "attachments": [preview]}
    assert shown(message) == (
        "https://example.org/p/1\n\n[card] Example: Why queues grow <https://example.org/p/1>\n"
        "  A queue grows when more arrives than leaves."
    )


FORWARD: Json = {
    "is_share": True,
    "is_msg_unfurl": True,
    "author_id": "U2",
    "author_name": "Benjamin",
    "channel_id": "C1",
    "fallback": "[November 27th] Ben: see `a*b*`",
    "text": "see `a*b*`",
    "files": [{"id": "F1", "name": "budget.csv", "mimetype": "text/csv", "size": 3, "url_private": "https://x"}],
    "message_blocks": [
        {
            "team": "T1",
            "channel": "C1",
            "ts": "1.1",
            "message": {
                "blocks": [rich(section(text("see "), text("a*b*", code=True)))],
                "attachments": [{"title": "Chart", "text": "up"}],
                "files": [{"id": "F2", "name": "plan.pdf"}],
            },
        }
    ],
}


def test_a_forward_tells_whose_it_is_and_all_that_it_holds() -> None:
    assert shown({"text": "Right?", "attachments": [FORWARD]}) == (
        "Right?\n\n> [forwarded from Ben in #general]\n> see `a*b*`\n>\n> [card] Chart\n>   up\n"
        "> (file: budget.csv)\n> (file: plan.pdf)"
    )


def test_a_message_whose_address_was_written_is_told_from_a_forward() -> None:
    (quote,) = read_content({"attachments": [{"is_msg_unfurl": True, "text": "Hi", "author_name": "Eve"}]}, NAMES).parts
    assert quote == Quote(content=MessageContent(text="Hi"), kind=QuoteKind.LINK, author="Eve")


def test_a_forwarded_alert_keeps_its_fields() -> None:
    alert = {
        "is_share": True,
        "author_subname": "CI",
        "fallback": "[no preview available]",
        "title": "Down",
        "fields": [{"title": "Since", "value": "14:02"}, {"title": "Failed", "value": 3}],
    }
    seen = "> [forwarded from CI]\n> [card] Down\n>   Since: 14:02\n>   Failed: 3"
    assert shown({"text": "", "attachments": [alert]}) == seen


def test_the_choices_of_an_older_menu_are_read() -> None:
    actions = [
        {"type": "button", "text": "Approve"},
        {"type": "select", "text": "Region", "options": [{"text": "North"}, {"text": "South"}]},
    ]
    seen = "[card]\n  Deploy?\n  (button: Approve) (menu: Region: North, South)"
    assert shown({"attachments": [{"text": "Deploy?", "actions": actions}]}) == seen


def test_the_files_of_a_forward_are_files_of_the_message() -> None:
    own = {"id": "F0", "name": "own.txt"}
    message = {"files": [own], "attachments": [FORWARD, FORWARD, {"files": [{"id": "F9", "name": "not-a-forward"}]}]}
    assert [file_.id for file_ in files(SlackMessage.read(message))] == ["F0", "F1", "F2"]


# ---------------------------------------------------------------- kinds of messages


@pytest.mark.parametrize(
    ("message", "told"),
    [
        pytest.param(
            {"subtype": "channel_join", "text": "<@U1> has joined the channel"},
            "@Ada has joined the channel",
            id="join",
        ),
        pytest.param({"subtype": "channel_topic", "text": "", "topic": "Queues"}, "Queues", id="topic"),
        pytest.param(
            {"subtype": "pinned_item", "text": "<@U1> pinned a message\nto this"},
            "@Ada pinned a message to this",
            id="pin",
        ),
        pytest.param({"subtype": "group_archive"}, "group archive", id="without-words"),
        pytest.param(
            {"subtype": "huddle_thread", "text": "A huddle started", "room": {"participants": ["U1"]}},
            "A huddle started (Ada)",
            id="huddle",
        ),
        pytest.param(
            {
                "subtype": "huddle_thread",
                "text": "A huddle happened",
                "room": {
                    "name": "Stand-up",
                    "participant_history": ["U1", "U2"],
                    "date_start": 1764200000,
                    "date_end": 1764201190,
                },
            },
            "A huddle happened (Stand-up; Ada, Ben; ended after 20 min)",
            id="huddle-that-is-over",
        ),
        pytest.param({"subtype": "sh_room_created", "text": "A huddle", "room": {}}, "A huddle", id="huddle-of-nobody"),
    ],
)
def test_what_slack_says_is_a_notice(message: Json, told: str) -> None:
    assert read_content(message, NAMES).parts == (Notice(text=told),)


def test_what_somebody_does_is_slanted() -> None:
    assert shown({"subtype": "me_message", "text": "waves"}) == "_waves_"


def test_a_reply_that_is_shown_in_the_channel_names_what_it_answers() -> None:
    root = {"ts": "1.1", "user": "U2", "text": "Shall we ship?", "subtype": "thread_broadcast", "root": {}}
    message = {"subtype": "thread_broadcast", "text": "Yes", "root": root}
    assert read_content(message, NAMES).reply_to == ReplyTo(message_id="1.1", author="Ben", beginning="Shall we ship?")
    assert ("@", "U2") in mentions(SlackMessage.read(message))


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("<@UBOT> why?", "why?"),
        ("<@UBOT>, <@UBOT>: why <@UBOT>", "why"),
        ("ask <@UBOT> why", "ask @Seedling why"),
        ("<@UBOT>", ""),
        ("<@UBOT> <@U1> is right", "@Ada is right"),
    ],
)
def test_the_address_is_left_out(typed: str, read: str) -> None:
    assert shown({"text": typed}, bot_user="UBOT") == read
    if typed == "ask <@UBOT> why":
        blocks = [rich(section(text("ask "), {"type": "user", "user_id": "UBOT"}, text(" why")))]
        assert shown({"text": typed, "blocks": blocks}, bot_user="UBOT") == read


def test_whom_a_message_names_in_any_part() -> None:
    message = {
        "text": "<@U1> &lt;@U7&gt;",
        "blocks": [rich(section({"type": "user", "user_id": "U2"}, {"type": "channel", "channel_id": "C1"}))],
        "attachments": [{"fields": [{"value": "<!subteam^S1|@ops> <#C2|x>"}]}, FORWARD],
    }
    found = mentions(SlackMessage.read(message))
    assert found == [("@", "U1"), ("@", "U2"), ("#", "C1"), ("!subteam^", "S1"), ("#", "C2")]
    chosen = [
        {"type": "users_select", "initial_user": "U4"},
        {"type": "multi_channels_select", "initial_channels": ["C5"]},
    ]
    found = mentions(SlackMessage.read({"blocks": [{"type": "actions", "elements": chosen}]}))
    assert found == [("@", "U4"), ("#", "C5")]
    assert mentions(SlackMessage.read({"room": {"participant_history": ["U6", "U7"]}})) == [("@", "U6"), ("@", "U7")]


@pytest.mark.parametrize(
    ("message", "is_long"),
    [
        pytest.param({"text": "hello", "blocks": [rich(section(text("hello")))] * 9}, False, id="what-was-left-empty"),
        pytest.param({"attachments": [{"text": "a" * LONG_TEXT}]}, True, id="a-part-of-it"),
        pytest.param({"blocks": [rich(section(*[{}] * LONG_TEXT))]}, True, id="many-parts-without-words"),
        pytest.param({"blocks": [rich(section(text("🌱" * 999)))]}, False, id="characters-not-bytes"),
    ],
)
def test_a_message_is_as_long_as_what_there_is_to_read(message: Json, is_long: bool) -> None:
    assert (length_of(SlackMessage.read(message)) > LONG_TEXT) is is_long


# ---------------------------------------------------------------- whatever comes

KEYS = (
    *("type", "text", "subtype", "bot_id", "blocks", "elements", "attachments", "fields", "rows", "style", "indent"),
    *("message_blocks", "message", "files", "is_share", "root", "accessory", "title", "user_id", "options", "preview"),
)
KINDS = (
    *("rich_text", "rich_text_section", "rich_text_list", "section", "table", "container", "card", "carousel", "plan"),
    *("user", "link", "date", "text", "mrkdwn", "thread_broadcast", "image", "video", "radio_buttons", "file", True),
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(shaped(KEYS, KINDS))
def test_whatever_comes_is_read(payload: Json) -> None:
    assert isinstance(render(read_content(payload, NAMES, bot_user="UBOT")), str)
    assert isinstance(mentions(SlackMessage.read(payload)), list)
    assert isinstance(list(files(SlackMessage.read(payload))), list)


@given(st.sampled_from(["elements", "attachments", "child_blocks", "message_blocks", "root", "accessory", "blocks"]))
def test_however_deep_it_is_nested(name: str) -> None:
    value: Any = "end"
    for _ in range(3_000):
        value = {name: value if name in {"root", "accessory"} else [value], "is_share": True, "type": "container"}
        value |= {"subtype": "thread_broadcast"} if name == "root" else {}
    assert isinstance(render(read_content({"blocks": [value], **value}, {})), str)
    assert isinstance(mentions(SlackMessage.read(value)), list)
    assert length_of(SlackMessage.read(value)) > 0
