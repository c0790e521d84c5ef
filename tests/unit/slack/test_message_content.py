"""Slack's messages with all their parts: what people see is what the model reads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.slack.message_content import files, mentions, read_content
from adapters.slack.rich_text import link, readable, rich_text
from bot.chat.message_rendering import render
from bot.types.content import Card, MessageContent, Notice, Quote, QuoteKind, ReplyTo, Table
from tests.data import data_folder
from tests.message_cases import cases, shaped, unseen

Json = dict[str, Any]

NAMES = {"U1": "Ada", "U2": "Ben", "UBOT": "Seedling", "C1": "general", "S1": "ops"}


def shown(message: Json, **options: Any) -> str:
    return render(read_content(message, NAMES, **options))


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


def section(*elements: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(elements)}


def text(value: str, **style: bool) -> Json:
    return {"type": "text", "text": value} | ({"style": style} if style else {})


def mrkdwn(value: str) -> Json:
    return {"type": "mrkdwn", "text": value}


def plain(value: str) -> Json:
    return {"type": "plain_text", "text": value}


@pytest.mark.parametrize("case", [pytest.param(each, id=each["id"]) for each in cases("slack")])
def test_the_model_sees_what_people_see(case: Json) -> None:
    assert unseen(case["model_sees"], shown(case["message"])) == []


@pytest.mark.parametrize("path", sorted((data_folder() / "slack_payloads" / "events").glob("Message*.json")))
def test_every_recorded_kind_of_message_is_read(path: Any) -> None:
    event = json.loads(path.read_text(encoding="utf-8"))["event"]
    assert isinstance(read_content(event, {}), MessageContent)


# ---------------------------------------------------------------- rich text


@pytest.mark.parametrize(
    ("elements", "written"),
    [
        pytest.param([section(text("a *b* _c_ <d> & e[0](x)"))], "a *b* _c_ <d> & e[0](x)", id="as-typed"),
        pytest.param([section(text("all "), text("bold ", bold=True), text("on"))], "all **bold** on", id="bold"),
        pytest.param([section(text("x", italic=True, strike=True))], "_~~x~~_", id="styles"),
        pytest.param(
            [section(text("*args", code=True), text("`a`", code=True))], "`*args```" + "`a`" + "``", id="code"
        ),
        pytest.param(
            [
                section(
                    {"type": "user", "user_id": "U1"},
                    text(" "),
                    {"type": "user", "user_id": "U9"},
                    text(" "),
                    {"type": "channel", "channel_id": "C1"},
                    text(" "),
                    {"type": "usergroup", "usergroup_id": "S1"},
                    text(" "),
                    {"type": "broadcast", "range": "here"},
                    text(" "),
                    {"type": "emoji", "name": "wave", "unicode": "1f44b"},
                    text(" "),
                    {"type": "color", "value": "#FF0000"},
                )
            ],
            "@Ada @U9 #general @ops @here :wave: #FF0000",
            id="names",
        ),
        pytest.param(
            [
                section(
                    {"type": "date", "timestamp": 0, "format": "{date}"},
                    text(" "),
                    {"type": "date", "fallback": "soon"},
                )
            ],
            "1970-01-01 00:00 UTC soon",
            id="dates",
        ),
        pytest.param(
            [
                section(
                    {"type": "link", "url": "https://a.example/", "text": "a.example"},
                    text(" "),
                    {"type": "link", "url": "https://b.example"},
                )
            ],
            "https://a.example/ https://b.example",
            id="links-that-are-their-own-label",
        ),
        pytest.param(
            [
                {
                    "type": "rich_text_list",
                    "style": "ordered",
                    "elements": [section(text("one")), section(text("two"))],
                },
                {"type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [section(text("inner\nline"))]},
                {"type": "rich_text_list", "style": "ordered", "offset": 2, "elements": [section(text("three"))]},
            ],
            "1. one\n2. two\n    - inner\n      line\n3. three",
            id="nested-lists",
        ),
        pytest.param(
            [
                section(text("He said\n")),
                {"type": "rich_text_quote", "elements": [text("one\ntwo")]},
                section(text("so")),
            ],
            "He said\n> one\n> two\nso",
            id="quote",
        ),
        pytest.param(
            [{"type": "rich_text_preformatted", "elements": [text("a = ```b```\n\n  c")]}],
            "````\na = ```b```\n\n  c\n````",
            id="code-block",
        ),
        pytest.param(
            [{"type": "rich_text_new", "elements": []}, section({"type": "new", "text": "words"})], "words", id="new"
        ),
    ],
)
def test_rich_text_is_as_it_was_typed(elements: list[Json], written: str) -> None:
    assert rich_text(rich(*elements), NAMES) == written
    assert shown({"text": "something else", "blocks": [rich(*elements)]}) == written


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        pytest.param("*a* _b_ ~c~ `d` &lt;e&gt; 1 * 2", "*a* _b_ ~c~ `d` <e> 1 * 2", id="marks-stay"),
        pytest.param("<https://a.example/?b=1&amp;c=2|the log>", "[the log](https://a.example/?b=1&c=2)", id="link"),
        pytest.param("<https://a.example|a.example> <mailto:a@b.c|a@b.c>", "https://a.example mailto:a@b.c", id="bare"),
        pytest.param("<@U1> <#C1|x> <!subteam^S1> <!here> <@U9|Eve>", "@Ada #general @ops @here @Eve", id="names"),
        pytest.param("&lt;@U1&gt;", "<@U1>", id="escaped"),
    ],
)
def test_mrkdwn_keeps_its_marks_and_its_addresses(typed: str, read: str) -> None:
    assert readable(typed, NAMES) == read


def test_a_label_that_is_the_address_is_not_said_twice() -> None:
    assert link("https://a.example/b", "a.example/b/") == "https://a.example/b"
    assert link("https://a.example/b", "https://c.example") == "[https://c.example](https://a.example/b)"


# ---------------------------------------------------------------- blocks


@pytest.mark.parametrize(
    ("blocks", "written"),
    [
        pytest.param(
            [
                {"type": "section", "text": mrkdwn("*Owner*: <@U1>"), "fields": [mrkdwn("*A*\n1"), plain("B")]},
                {"type": "divider"},
                {"type": "context", "elements": [mrkdwn("by"), {"type": "image", "alt_text": "Ada"}, mrkdwn("today")]},
            ],
            "*Owner*: @Ada\n*A*\n1\nB\nby (image: Ada) today",
            id="section-and-context",
        ),
        pytest.param(
            [
                {"type": "image", "title": plain("Chart"), "alt_text": "sales by month", "image_url": "https://x"},
                {
                    "type": "video",
                    "title": plain("Talk"),
                    "title_url": "https://v.example/1",
                    "description": plain("On queues"),
                    "alt_text": "t",
                },
            ],
            "(image: Chart, sales by month)\n(video: [Talk](https://v.example/1))\nOn queues",
            id="image-and-video",
        ),
        pytest.param(
            [
                {
                    "type": "actions",
                    "elements": [
                        {"type": "button", "text": plain("Approve"), "value": "secret"},
                        {"type": "button", "text": plain("Log"), "url": "https://l.example"},
                        {"type": "static_select", "placeholder": plain("Pick"), "options": [{"text": plain("hidden")}]},
                        {"type": "datepicker"},
                    ],
                },
                {
                    "type": "context_actions",
                    "elements": [{"type": "feedback_buttons", "positive_button": {"text": plain("Good")}}],
                },
            ],
            "(button: Approve) [Log](https://l.example)",
            id="buttons-that-carry-words",
        ),
        pytest.param(
            [
                {
                    "type": "section",
                    "text": plain("Lunch?"),
                    "accessory": {
                        "type": "radio_buttons",
                        "options": [{"text": plain("Soup"), "description": plain("hot")}, {"text": plain("Rice")}],
                    },
                }
            ],
            "Lunch?\n- Soup hot\n- Rice",
            id="options-that-are-seen",
        ),
        pytest.param(
            [
                {"type": "markdown", "text": "# Head\n**b** a_b"},
                {"type": "alert", "level": "error", "text": mrkdwn("Down")},
            ],
            "# Head\n**b** a_b\nDown",
            id="markdown-and-alert",
        ),
        pytest.param(
            [
                {
                    "type": "input",
                    "label": plain("Why?"),
                    "hint": plain("short"),
                    "element": {"type": "plain_text_input"},
                }
            ],
            "Why?\nshort",
            id="input",
        ),
        pytest.param(
            [
                {"type": "file", "external_id": "A1", "source": "remote"},
                {"type": "call", "call": {"v1": {"name": "Stand-up"}}},
            ],
            "(file: A1)\n(call: Stand-up)",
            id="file-and-call",
        ),
        pytest.param(
            [
                {
                    "type": "plan",
                    "title": "Steps",
                    "tasks": [
                        {
                            "type": "task_card",
                            "title": "Read",
                            "status": "complete",
                            "output": rich(section(text("3 files"))),
                            "sources": [{"type": "url", "url": "https://s.example", "text": "S"}],
                        }
                    ],
                }
            ],
            "Steps\nRead\n3 files\n[S](https://s.example)",
            id="plan",
        ),
        pytest.param(
            [
                {
                    "type": "container",
                    "title": plain("Box"),
                    "child_blocks": [{"type": "header", "text": plain("In it")}],
                }
            ],
            "Box\nIn it",
            id="container",
        ),
        pytest.param(
            [{"type": "from_tomorrow", "text": mrkdwn("still"), "elements": [plain("read")]}],
            "still\nread",
            id="unknown",
        ),
    ],
)
def test_every_block_that_carries_words_is_read(blocks: list[Json], written: str) -> None:
    assert shown({"text": "", "bot_id": "B1", "blocks": blocks}) == written


def test_tables_stand_where_they_are_seen() -> None:
    cell = {"type": "rich_text", "elements": [section(text("North"), {"type": "user", "user_id": "U1"})]}
    table = {
        "type": "table",
        "rows": [[{"type": "raw_text", "text": "Region"}], [cell], [{"type": "raw_number", "value": 5}]],
    }
    data = {
        "type": "data_table",
        "caption": "Costs",
        "rows": [[{"type": "raw_number", "text": "4,811", "value": 4811}]],
    }
    blocks = [{"type": "header", "text": plain("Sales")}, table, {"type": "section", "text": mrkdwn("and")}, data]
    content = read_content({"text": "Sales and", "bot_id": "B1", "blocks": blocks}, NAMES)
    assert content.parts[0] == Table(rows=(("Region",), ("North@Ada",), ("5",)))
    assert render(content).startswith("Sales\n\n| Region |\n|---|\n| North@Ada |\n| 5 |\n\nand\n\nCosts\n| 4,811 |")


def test_cards_and_carousels_are_cards() -> None:
    card: Json = {"type": "card", "title": mrkdwn("Plan A"), "subtitle": mrkdwn("cheap"), "body": mrkdwn("*5* euro")}
    card |= {
        "actions": [{"type": "button", "text": plain("Buy")}],
        "hero_image": {"type": "image", "alt_text": "a hat"},
    }
    told = read_content({"bot_id": "B1", "blocks": [card, {"type": "carousel", "elements": [card]}]}, NAMES)
    assert told.parts == (Card(title="Plan A", text="cheap\n*5* euro\n(image: a hat)\n(button: Buy)"),) * 2


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
        "actions": [{"type": "button", "text": "Silence"}],
    }
    new = {
        "color": "#f00",
        "blocks": [{"type": "section", "text": mrkdwn("Rolled back")}],
        "fallback": "[no preview available]",
    }
    assert shown({"attachments": [old, new]}) == (
        "[card] Grafana: CPU <https://g.example/1>\n  Heads up\n  at *99 %*\n  (button: Silence)\n"
        "  Host: [a1](https://h.example)\n  (prod)\n\n[card]\n  Rolled back"
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
        "title": "Down",
        "fields": [{"title": "Since", "value": "14:02"}],
    }
    assert shown({"text": "", "attachments": [alert]}) == "> [forwarded]\n> [card] Down\n>   Since: 14:02"


def test_the_files_of_a_forward_are_files_of_the_message() -> None:
    own = {"id": "F0", "name": "own.txt"}
    message = {"files": [own], "attachments": [FORWARD, FORWARD, {"files": [{"id": "F9", "name": "not-a-forward"}]}]}
    assert [each.id for each in files(message)] == ["F0", "F1", "F2"]


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
    assert ("@", "U2") in mentions(message)


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
    found = mentions(message)
    assert found == [("@", "U1"), ("@", "U2"), ("#", "C1"), ("!subteam^", "S1"), ("#", "C2")]


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
    assert isinstance(mentions(payload), list)
    assert isinstance(list(files(payload)), list)


@given(st.sampled_from(["elements", "attachments", "child_blocks", "message_blocks", "root", "accessory", "blocks"]))
def test_however_deep_it_is_nested(name: str) -> None:
    value: Any = "end"
    for _ in range(3_000):
        value = {name: value if name in {"root", "accessory"} else [value], "is_share": True, "type": "container"}
        value |= {"subtype": "thread_broadcast"} if name == "root" else {}
    assert isinstance(render(read_content({"blocks": [value], **value}, {})), str)
    assert isinstance(mentions(value), list)
