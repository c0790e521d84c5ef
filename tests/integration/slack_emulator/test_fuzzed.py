"""Whatever is asked, the emulator answers as the Web API does, and never falls over."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.emulators.slack.methods.table import METHODS
from tests.emulators.slack.options import CLIENT_ID, CLIENT_SECRET, Options
from tests.emulators.slack.people import PeopledSlack
from tests.examples import examples
from tests.integration.slack_emulator.test_interactions import BUTTON, FEEDBACK, SELECT, modal

Json = dict[str, Any]

PLAIN: Json = {"type": "plain_text", "text": "Plain"}
MARKUP: Json = {"type": "mrkdwn", "text": "*Marked* <https://example.org|up>"}
RICH: Json = {
    "type": "rich_text",
    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "rich"}]}],
}
TASK: Json = {"type": "task_card", "task_id": "1", "title": "Look", "status": "complete", "output": RICH}
BLOCKS: list[Json] = [
    {"type": "section", "text": MARKUP, "fields": [PLAIN], "accessory": SELECT},
    {"type": "actions", "elements": [BUTTON]},
    {"type": "context", "elements": [MARKUP]},
    {"type": "context_actions", "elements": [FEEDBACK]},
    {"type": "header", "text": PLAIN},
    {"type": "markdown", "text": "# One"},
    {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}, RICH]]},
    {"type": "plan", "title": "Plan", "tasks": [TASK]},
    {"type": "image", "image_url": "https://example.org/a.png", "alt_text": "a"},
    RICH,
]
CHUNKS: list[Json] = [
    {"type": "markdown_text", "text": "a"},
    {"type": "task_update", "id": "1", "title": "Look", "status": "pending"},
    {"type": "blocks", "blocks": BLOCKS[:1]},
]

leaves = st.none() | st.booleans() | st.integers(-5, 5_000) | st.sampled_from(["", "a", "plain_text", "x" * 4_000])
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["type", "text"]), inner),
    max_leaves=4,
)
# Which argument to spoil, at which of its places, and by what.
spoiling = st.lists(st.tuples(st.integers(0, 200), trees, st.booleans()), max_size=2)


def usual(slack: PeopledSlack, ts: str, own_ts: str) -> Json:
    """Arguments with which most methods do something."""
    return {
        "attachments": [{"text": "a", "fallback": "b"}],
        "bot": slack.bot.bot_id,
        "channel": slack.general.id,
        "channel_id": slack.general.id,
        "chunks": CHUNKS,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "cursor": "",
        "file": "F1",
        "filename": "a.txt",
        "files": [{"id": "F1", "title": "a"}],
        "length": "3",
        "limit": 5,
        "loading_messages": ["a"],
        "message_ts": ts,
        "name": "seedling",
        "oldest": "0",
        "prompts": [{"title": "a", "message": "b"}],
        "recipient_team_id": slack.team.id,
        "recipient_user_id": slack.ada.id,
        "status": "processing",
        "thread_ts": ts,
        "timestamp": ts,
        "title": "Title",
        "trigger_id": slack.surfaces.new_trigger(slack.ada),
        "ts": own_ts,
        "types": "public_channel",
        "user": slack.ada.id,
        "user_id": slack.ada.id,
        "usergroup": slack.group("all", slack.ada),
        "users": slack.ada.id,
        "view": modal(),
    }


def spoil(value: Json, place: int, by: Any, *, as_text: bool) -> None:
    """Replace one thing within `value`; as in a form, structures can become JSON."""
    places = list(_places(value))
    holder, key = places[place % len(places)]
    holder[key] = by
    for name, item in list(value.items()) if as_text else ():
        value[name] = json.dumps(item) if isinstance(item, dict | list) else item


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in list(keys):
        yield value, key
        yield from _places(value[key])


async def ask(method: str, content: Json, spoiled: list[tuple[int, Any, bool]]) -> None:
    """Make one call that is almost right, and look at what came of it."""
    slack = PeopledSlack(Options(limits=False), "http://127.0.0.1:1")
    message = await slack.say(slack.ada, slack.general, "hello")
    token = slack.options.app_token if method == "apps.connections.open" else slack.options.bot_token
    own = await slack.answer(
        "chat.startStream" if "Stream" in method else "chat.postMessage",
        slack.options.bot_token,
        usual(slack, message.ts, "") | {"text": "a", "chunks": [], "markdown_text": ""},
    )
    arguments = copy.deepcopy(usual(slack, message.ts, str(own.body.get("ts"))) | content)
    for place, by, as_text in spoiled:
        spoil(arguments, place, by, as_text=as_text)
    reply = await slack.answer(method, token, arguments)
    assert reply.status == 200
    assert json.loads(json.dumps(reply.body))["ok"] or reply.body["error"]
    if not spoiled and method not in NEEDS_MORE:
        assert reply.body["ok"], reply.body
    assert slack.transcript(slack.general).startswith("#general")
    assert isinstance(slack.pings, list)
    await slack.deliveries.aclose()


# What a single call cannot do: it needs a code, an upload, a session, a reaction or an open view before.
NEEDS_MORE = frozenset(
    {
        "agents.sessions.rename",
        "files.completeUploadExternal",
        "files.delete",
        "files.info",
        "oauth.v2.access",
        "reactions.remove",
        "views.publish",
        "views.update",
    }
)


@given(st.sampled_from(sorted(METHODS)), st.sampled_from(BLOCKS), spoiling)
@examples(300)
def test_a_call_that_is_almost_right_has_an_answer(
    method: str, block: Json, spoiled: list[tuple[int, Any, bool]]
) -> None:
    content: Json = {"text": "a", "blocks": [block]} if method != "chat.stopStream" else {"blocks": [block]}
    asyncio.run(ask(method, content, spoiled))
