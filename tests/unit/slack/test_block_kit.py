"""Blocks of apps: whatever of them people can read."""

from __future__ import annotations

import pytest

from bot.chat.message_markdown import render
from bot.types.content import Card, Table
from tests.unit.slack.elements import NAMES, Json, mrkdwn, plain, read_content, rich, section, text


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
                        {"type": "static_select", "placeholder": plain("Pick"), "options": [{"text": plain("North")}]},
                        {"type": "datepicker"},
                    ],
                },
                {
                    "type": "context_actions",
                    "elements": [{"type": "feedback_buttons", "positive_button": {"text": plain("Good")}}],
                },
            ],
            "(button: Approve) [Log](https://l.example) (menu: Pick: North)",
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
            "Lunch?\n- [ ] Soup hot\n- [ ] Rice",
            id="options-that-are-seen",
        ),
        pytest.param(
            [
                {
                    "type": "actions",
                    "elements": [
                        {
                            "type": "checkboxes",
                            "options": [{"text": plain("Soup")}, {"text": plain("Rice")}],
                            "initial_options": [{"text": plain("Rice")}],
                        },
                        {"type": "datepicker", "initial_date": "2026-01-05"},
                        {"type": "multi_users_select", "initial_users": ["U2", None]},
                        {"type": "channels_select", "initial_channel": "C9"},
                    ],
                },
                {
                    "type": "input",
                    "label": plain("Reason"),
                    "element": {"type": "plain_text_input", "initial_value": "hunger"},
                },
            ],
            "- [ ] Soup\n- [x] Rice\n2026-01-05\n@Ben\n#C9\nReason\nhunger",
            id="what-is-chosen-or-filled-in",
        ),
        pytest.param(
            [
                {
                    "type": "section",
                    "text": plain("Who?"),
                    "accessory": {"type": "users_select", "placeholder": plain("A gardener")},
                },
                {
                    "type": "actions",
                    "elements": [
                        {
                            "type": "multi_static_select",
                            "placeholder": plain("Beds"),
                            "option_groups": [{"label": plain("Sun"), "options": [{"text": plain("Peas")}]}],
                        },
                        {"type": "overflow", "options": [{"text": plain("Delete")}]},
                    ],
                },
            ],
            "Who?\n(menu: A gardener)\n(menu: Beds: Peas)",
            id="what-a-menu-is-for",
        ),
        pytest.param(
            [
                {
                    "type": "call",
                    "call": {
                        "v1": {
                            "name": "Stand-up",
                            "join_url": "https://c.example/1",
                            "active_participants": [{"slack_id": "U2"}, {"display_name": "Eve"}],
                        }
                    },
                }
            ],
            "(call: [Stand-up](https://c.example/1), Ben, Eve)",
            id="who-is-in-a-call",
        ),
        pytest.param(
            [
                {
                    "type": "data_visualization",
                    "title": "Visits",
                    "chart": {
                        "type": "line",
                        "series": [
                            {"name": "North", "data": [{"label": "May", "value": 5}, {"label": "June", "value": 7.5}]},
                            {"name": "South", "data": [{"label": "June", "value": 2}]},
                        ],
                    },
                },
                {
                    "type": "data_visualization",
                    "title": "Share",
                    "chart": {"type": "pie", "segments": [{"label": "North", "value": 5}, 4]},
                },
            ],
            "Visits\n|  | North | South |\n|---|---|---|\n| May | 5 |  |\n| June | 7.5 | 2 |\n\n"
            "Share\n|  |  |\n|---|---|\n| North | 5 |",
            id="charts",
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
            "Steps\n[complete] Read\n3 files\n[S](https://s.example)",
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
    assert render(read_content({"text": "", "bot_id": "B1", "blocks": blocks}, NAMES)) == written


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
