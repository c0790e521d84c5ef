"""Discord's messages with all their parts: what people see is what the model reads."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.discord.events.parse import Names, no_names
from adapters.discord.message_content import NOTICES
from adapters.discord.message_content import read_content as read_message
from adapters.discord.payloads import Message
from adapters.discord.replies.rendering import Renderer
from bot.chat.message_markdown import render
from bot.types import Draft, Footer, Turn, TurnState, Usage
from bot.types.content import MessageContent, Notice, QuoteKind, ReplyTo
from tests.fakes import incoming
from tests.message_cases import cases, shaped, unseen

Json = dict[str, Any]

ADA: Json = {"id": "1", "username": "ada_l", "global_name": "Ada"}
BOB: Json = {"id": "2", "username": "bob", "global_name": None}
NOT_OF_ONE_MESSAGE = {"discord-forum-title", "discord-reply-relations"}


def names(kind: str, id: str) -> str | None:
    return {("role", "5"): "gardeners", ("channel", "6"): "general", ("user", "7"): "Zoe"}.get((kind, id))


def read_content(message: Json, of: Names, **options: Any) -> MessageContent:
    return read_message(Message.read(message), of, **options)


def shown(message: Json, **options: Any) -> str:
    return render(read_content(message, names, **options))


@pytest.mark.parametrize("case", [pytest.param(item, id=item["id"]) for item in cases("discord")])
def test_the_model_sees_what_people_see(case: Json) -> None:
    expected = case["model_sees"]
    if case["id"] in NOT_OF_ONE_MESSAGE:  # a forum's title and the numbers of messages stand elsewhere
        expected = [case["message"].get("content", "")]
    assert unseen(expected, shown(case["message"])) == []


def test_replies_that_only_agree_or_not_tell_to_what() -> None:
    case = next(item for item in cases("discord") if item["id"] == "discord-reply-relations")
    said = {item["id"]: item for item in case["message"]["conversation"]}
    for item in said.values():
        if "reply_to" in item:
            told = said[item["reply_to"]]
            author = {"username": told["author"]}
            referenced = {"id": told["id"], "author": author, "content": told["content"]}
            message = {"type": 19, "content": item["content"], "referenced_message": referenced}
            assert shown(message) == f"[in reply to {told['author']}: {told['content']}]\n{item['content']}"


# ---------------------------------------------------------------- the bot's own answers


@pytest.mark.parametrize("how", ["forward", "reply", "thread", "itself"])
def test_an_answer_that_is_quoted_has_neither_its_small_print_nor_its_buttons(how: str) -> None:
    footer = Footer(model="seed", usage=Usage(input=1_200, output=7), seconds=2.1, cost=None, show_cost=False)
    draft = Draft(text="<@1>, the pump is green.", status="done", footer=footer)
    asked = Turn(id=12, incoming=incoming("why?"), state=TurnState.RUNNING, epoch=1, attempt=1)
    (page,) = Renderer(asked).pages(draft)
    own = {"content": page.content.replace("\\", ""), "components": page.rows, "author": {"username": "Seedling"}}
    seen = {
        "forward": shown({"message_snapshots": [{"message": own | {"mentions": [ADA]}}]}),
        "reply": shown({"type": 19, "content": "so?", "referenced_message": own | {"mentions": [ADA]}}),
        "thread": shown({"type": 21, "referenced_message": own | {"mentions": [ADA]}}),
        "itself": shown(own | {"mentions": [ADA]}),
    }[how]
    assert "@Ada, the pump is green." in seen
    assert not any(word in seen for word in ("1,200", "seed", "Regenerate", "Helpful", "-#"))


# ---------------------------------------------------------------- text


def test_mentions_are_names_as_others_see_them() -> None:
    mentioned = [{**ADA, "member": {"nick": "Queen of Queues"}}, BOB]
    content = "<@1> <@!2> <@7> <@9> <@&5> <#6> <#8> <:pea:9>"
    message = {"content": content, "mentions": mentioned, "mention_channels": [{"id": "8", "name": "elsewhere"}]}
    assert shown(message) == "@Queen of Queues @bob @Zoe @someone @gardeners #general #elsewhere :pea:"


def test_nothing_that_is_typed_is_escaped() -> None:
    typed = 'def __init__(self): return *args, arr[0](x)\n| a | b |\n|---|---|\n||spoiler|| # "%_y%" <b>'
    assert shown({"content": typed}) == typed


@pytest.mark.parametrize(
    ("typed", "read"), [("<@8> why?", "why?"), ("why, <@!8>", "why,"), ("is <@7> in?", "is @Zoe in?")]
)
def test_the_address_is_left_out(typed: str, read: str) -> None:
    assert shown({"content": typed}, bot_ids=frozenset({"8"})) == read


# ---------------------------------------------------------------- embeds


def test_an_embed_is_a_card() -> None:
    embed = {
        "type": "rich",
        "author": {"name": "Watchman", "url": "https://w.example"},
        "title": "Alert for <@7>",
        "url": "https://a.example/1",
        "description": "Depth **9,000**\nin <#6>",
        "fields": [{"name": "Runbook", "value": "drain `b`"}, {"name": "Only a name"}, {"value": None}, 3],
        "image": {"url": "https://i.example/1.png", "description": "a rising line"},
        "footer": {"text": "ops", "icon_url": "x"},
        "timestamp": "2026-01-05T01:49:57.486000+01:00",
    }
    assert shown({"content": "", "embeds": [embed]}) == (
        "[card] Watchman: Alert for @Zoe <https://a.example/1>\n  Depth **9,000**\n  in #general\n"
        "  (image: a rising line)\n  Runbook: drain `b`\n  Only a name\n  (ops, 2026-01-05 00:49 UTC)"
    )


@pytest.mark.parametrize(
    ("embed", "seen"),
    [
        pytest.param(
            {"type": "video", "url": "https://v.example/1", "title": "Talk", "provider": {"name": "Tube"}, "video": {}},
            "https://v.example/1\n\n[card] Tube: Talk <https://v.example/1>",
            id="video",
        ),
        pytest.param(
            {"type": "gifv", "url": "https://v.example/1", "provider": {"name": "v"}, "video": {"url": "https://m"}},
            "https://v.example/1",
            id="gif-that-tells-nothing",
        ),
        pytest.param({"type": "image", "url": "https://v.example/1"}, "https://v.example/1", id="image"),
        pytest.param(
            {"type": "link", "url": "https://v.example/1", "title": "https://v.example/1"},
            "https://v.example/1",
            id="preview-that-repeats-the-link",
        ),
    ],
)
def test_previews_tell_what_the_link_does_not(embed: Json, seen: str) -> None:
    assert shown({"content": "https://v.example/1", "embeds": [embed]}) == seen


# ---------------------------------------------------------------- components


def test_components_are_read_as_deep_as_they_are_nested() -> None:
    inner = [
        {"type": 10, "content": "# Version 7\nfor <@7>"},
        {
            "type": 9,
            "components": [{"type": 10, "content": "Breaking"}],
            "accessory": {"type": 11, "description": "a saw"},
        },
        {"type": 14, "divider": True},
        {
            "type": 12,
            "items": [
                {"description": "before"},
                {"media": {"url": "https://cdn.example/1/rose.png?ex=1&hm=2"}},
                {"description": "after"},
                {"description": None},
            ],
        },
        {"type": 13, "file": {"url": "attachment://notes.pdf"}},
        {
            "type": 1,
            "components": [{"type": 2, "label": "Read", "url": "https://r.example"}, {"type": 2, "label": "Skip"}],
        },
        {"type": 1, "components": [{"type": 3, "placeholder": "Pick", "options": [{"label": "A"}, {"label": "B"}]}]},
        {"type": 1, "components": [{"type": 3, "options": [{"label": "A"}, {"label": "B", "default": True}]}]},
        {"type": 99, "label": "new", "content": "in <#6>", "components": [{"type": 10, "content": "still read"}]},
    ]
    assert shown({"content": "", "flags": 32768, "components": [{"type": 17, "components": inner}]}) == (
        "# Version 7\nfor @Zoe\nBreaking\n(image: a saw)\n(image: before)\n(image: rose.png)\n(image: after)\n"
        "(file: notes.pdf)\n[Read](https://r.example) (button: Skip)\n(menu: Pick: A, B)\n(menu: B)\n"
        "new\nin #general\nstill read"
    )


def test_buttons_stand_below_the_text() -> None:
    row = {"type": 1, "components": [{"type": 2, "label": "Join"}, {"type": 2, "emoji": {"name": "👍"}}]}
    assert shown({"content": "Tonight?", "components": [row]}) == "Tonight?\n(button: Join) (button: 👍)"


# ---------------------------------------------------------------- polls and stickers


def poll(**changes: Any) -> Json:
    answers = [
        {"answer_id": 1, "poll_media": {"text": "Pizza", "emoji": {"id": None, "name": "🍕"}}},
        {"answer_id": 2, "poll_media": {"text": "Soup"}},
    ]
    return {"poll": {"question": {"text": "Where?"}, "answers": answers, "expiry": None} | changes}


def test_a_poll_tells_its_counts_and_whether_it_is_over() -> None:
    results = {"is_finalized": True, "answer_counts": [{"id": 1, "count": 3, "me_voted": False}]}
    assert shown(poll(results=results)) == "[poll, closed] Where?\n  - 🍕 Pizza: 3 votes\n  - Soup: 0 votes"


def test_a_poll_without_results_says_nothing_of_votes() -> None:
    assert shown(poll()) == "[poll, open] Where?\n  - 🍕 Pizza\n  - Soup"
    assert shown(poll(answers=[], question={})) == "[poll, open]"
    rules = {"allow_multiselect": True, "expiry": "2026-01-06T00:00:00+00:00"}
    assert shown(poll(**rules)).endswith("  - Soup\n  (several can be chosen, ends 2026-01-06 00:00 UTC)")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        pytest.param(
            {
                "poll_question_text": "Where?",
                "victor_answer_text": "Pizza",
                "victor_answer_votes": "3",
                "total_votes": "4",
            },
            "The poll 'Where?' has closed: 'Pizza' won with 3 of 4 votes",
            id="won",
        ),
        pytest.param(
            {"poll_question_text": "Where?", "victor_answer_votes": "2", "total_votes": "4"},
            "The poll 'Where?' has closed: no answer won among 4 votes",
            id="drawn",
        ),
        pytest.param({}, "A poll has closed: no answer won among 0 votes", id="unknown"),
    ],
)
def test_the_result_of_a_poll_is_told(fields: dict[str, str], told: str) -> None:
    embed = {"type": "poll_result", "fields": [{"name": name, "value": value} for name, value in fields.items()]}
    assert shown({"type": 46, "content": "", "embeds": [embed]}) == f"[system message] {told}"


def test_stickers_are_told_by_name() -> None:
    assert shown({"content": "Hi", "sticker_items": [{"id": "3", "name": "Wave"}]}) == "Hi\n\n[sticker] Wave"
    assert shown({"stickers": [{"name": "Wave"}, {"name": "Nod"}]}) == "[sticker] Wave\n\n[sticker] Nod"


# ---------------------------------------------------------------- messages within messages


def test_a_forward_is_read_whole() -> None:
    snapshot = {
        "type": 0,
        "content": "see <@1>",
        "mentions": [ADA],
        "embeds": [{"title": "Build 812 failed"}],
        "attachments": [{"id": "4", "filename": "log.txt"}],
        "sticker_items": [{"name": "Wave"}],
        "components": [{"type": 10, "content": "words"}],
    } | poll()
    message = {
        "content": "what is this?",
        "message_reference": {"type": 1, "channel_id": "6", "message_id": "3"},
        "message_snapshots": [{"message": snapshot}],
    }
    assert shown(message) == (
        "what is this?\n\n> [forwarded in #general]\n> see @Ada\n> words\n>\n> [card] Build 812 failed\n>\n"
        "> [poll, open] Where?\n>   - 🍕 Pizza\n>   - Soup\n>\n> [sticker] Wave\n> (file: log.txt)"
    )


def test_a_thread_begins_with_the_message_that_it_hangs_on() -> None:
    starter = {"id": "3", "author": BOB, "member": {"nick": "Bobby"}, "content": "", "embeds": [{"title": "Failed"}]}
    (quote,) = read_content({"type": 21, "content": "", "referenced_message": starter}, no_names).parts
    assert render(MessageContent(parts=(quote,))) == "> [start of the thread from Bobby]\n> [card] Failed"
    assert getattr(quote, "kind", None) is QuoteKind.THREAD_START


@pytest.mark.parametrize(
    ("told", "reply"),
    [
        pytest.param(
            {"id": "3", "author": BOB, "content": "Shall we ship?\nOn Tuesday?"},
            ReplyTo(message_id="3", author="bob", beginning="Shall we ship? On Tuesday?"),
            id="text",
        ),
        pytest.param(
            {"id": "3", "author": ADA, "content": "", "embeds": [{"title": "Build 812 failed"}]},
            ReplyTo(message_id="3", author="Ada", beginning="[card] Build 812 failed"),
            id="embed",
        ),
        pytest.param(
            {"id": "3", "author": ADA, "content": "", "attachments": [{"filename": "plan.pdf"}]},
            ReplyTo(message_id="3", author="Ada", beginning="plan.pdf"),
            id="file",
        ),
        pytest.param(None, ReplyTo(message_id="3"), id="gone"),
    ],
)
def test_a_reply_names_the_message_that_it_answers(told: Json | None, reply: ReplyTo) -> None:
    reference = {"type": 0, "message_id": "3", "channel_id": "6"}
    message = {"type": 19, "content": "No.", "message_reference": reference, "referenced_message": told}
    assert read_content(message, names).reply_to == reply


@pytest.mark.parametrize("kind", ["thread start", "listed"])
def test_a_message_that_nobody_told_is_not_called_gone(kind: str) -> None:
    reply = {"id": "4", "type": 19, "author": BOB, "content": "No.", "message_reference": {"message_id": "3"}}
    shown = {
        "thread start": lambda: read_content({"type": 21, "content": "", "referenced_message": reply}, names),
        "listed": lambda: read_content(reply, names),
    }[kind]()
    assert "[in reply to another message]" in render(shown)
    assert "gone" not in render(shown)


def test_only_replies_have_a_relation() -> None:
    assert read_content({"type": 0, "message_reference": {"message_id": "3"}}, names).reply_to is None
    assert read_content({"type": 19}, names).reply_to is None


@pytest.mark.parametrize(
    ("used", "reply"),
    [
        ({"interaction": {"name": "deploy", "user": BOB}}, ReplyTo(message_id="", author="bob", beginning="/deploy")),
        (
            {"interaction_metadata": {"name": "play", "user": {"id": "7", "username": "zz"}}},
            ReplyTo(message_id="", author="Zoe", beginning="/play"),
        ),
        ({"interaction_metadata": {"user": BOB}}, None),
    ],
)
def test_the_answer_of_another_bot_names_its_command(used: Json, reply: ReplyTo | None) -> None:
    assert read_content({"type": 20, "content": "done"} | used, names) == MessageContent(text="done", reply_to=reply)


def test_an_invitation_to_play_together_is_told() -> None:
    invitation = {"activity": {"type": 1, "party_id": "p"}, "application": {"id": "3", "name": "Chess"}}
    assert shown(invitation) == "[card] invitation: Chess"
    assert shown({"application": {"id": "3", "name": "Chess"}, "content": "of an app"}) == "of an app"


# ---------------------------------------------------------------- what Discord says

FLAGGED = "AutoMod acted on a message: buy now"


def automod(**fields: str) -> Json:
    told = [{"name": name, "value": value} for name, value in {"decision_id": "9", **fields}.items()]
    embed = {"type": "auto_moderation_message", "description": "buy now", "fields": told}
    return {"type": 24, "embeds": [embed]}


@pytest.mark.parametrize(
    ("message", "told"),
    [
        pytest.param({"type": 6}, "Ada pinned a message to this channel", id="pin"),
        pytest.param({"type": 7}, "Ada joined the server", id="join"),
        pytest.param({"type": 18, "content": "Queues {0}"}, "Ada started a thread: Queues {0}", id="thread"),
        pytest.param({"type": 9, "content": "2"}, "Ada boosted the server, which reached level 1", id="boost"),
        pytest.param({"type": 1, "mentions": [BOB]}, "Ada added bob to the group", id="group"),
        pytest.param({"type": 37}, "Ada ended the lockdown of the server", id="lockdown"),
        pytest.param(
            {"type": 25, "role_subscription_data": {"tier_name": "Gold"}},
            "Ada subscribed to a role of this server: Gold",
            id="tier",
        ),
        pytest.param(
            {"type": 44, "purchase_notification": {"guild_product_purchase": {"product_name": "Seeds"}}},
            "Ada bought something in the shop of this server: Seeds",
            id="shop",
        ),
        pytest.param({"type": 44}, "Ada bought something in the shop of this server", id="shop-without-a-name"),
        pytest.param(
            automod(rule_name="No ads", keyword="buy"), f"{FLAGGED} (rule: No ads, keyword: buy)", id="automod"
        ),
        pytest.param(automod(rule_name="No ads"), f"{FLAGGED} (rule: No ads)", id="automod-without-a-word"),
        pytest.param(automod(), FLAGGED, id="automod-without-a-rule"),
        pytest.param({"type": 14}, "The server was removed from Server Discovery", id="nobody"),
        pytest.param({"type": 7, "author": None}, "Somebody joined the server", id="author-unknown"),
    ],
)
def test_what_discord_says_is_one_line(message: Json, told: str) -> None:
    assert read_content({"author": ADA, "content": ""} | message, names).parts == (Notice(text=told),)


@pytest.mark.parametrize("kind", NOTICES)
def test_every_notice_can_be_told(kind: int) -> None:
    told = shown({"type": kind, "author": ADA, "content": "x\ny", "mentions": [BOB]})
    assert told.startswith("[system message] ")
    assert "{" not in told
    assert "\n" not in told


# ---------------------------------------------------------------- whatever comes

KEYS = (
    *(
        "type",
        "content",
        "embeds",
        "components",
        "poll",
        "answers",
        "results",
        "answer_counts",
        "sticker_items",
        "fields",
    ),
    *(
        "message_snapshots",
        "message",
        "referenced_message",
        "message_reference",
        "mentions",
        "member",
        "author",
        "title",
    ),
    *("description", "items", "accessory", "poll_media", "emoji", "name", "id", "attachments", "url", "provider"),
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(shaped(KEYS, (0, 1, 2, 3, 9, 10, 11, 12, 13, 17, 19, 21, 46, True, "1")))
def test_whatever_comes_is_read(payload: Json) -> None:
    assert isinstance(render(read_content(payload, names, bot_ids=frozenset({"1"}))), str)


@given(
    st.sampled_from(["components", "accessory", "message_snapshots", "referenced_message"]), st.sampled_from([19, 21])
)
def test_however_deep_it_is_nested(name: str, kind: int) -> None:
    value: Any = {"content": "end"}
    for _ in range(3_000):
        within = {"message_snapshots": [{"message": value}], "components": [value]}.get(name, value)
        value = {name: within, "type": kind, "content": "x"}
    assert len(render(read_content(value, names))) < 10_000
