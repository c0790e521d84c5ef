"""Reading what was said."""

from __future__ import annotations

from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from tests.emulators.slack import Message, Options, RunningSlack, running_slack
from tests.integration.slack_emulator.apps import refusal, web_client


async def thread(slack: RunningSlack, replies: int) -> list[Message]:
    """A message and replies to it."""
    root = await slack.say(slack.ada, slack.general, "root")
    said = [await slack.say(slack.ben, slack.general, f"reply {n}", thread_ts=root.ts) for n in range(replies)]
    return [root, *said]


async def test_a_thread_comes_oldest_first_and_each_page_begins_with_its_root(
    slack: RunningSlack, client: AsyncWebClient
) -> None:
    messages = await thread(slack, 5)
    pages = []
    async for page in await client.conversations_replies(channel=slack.general.id, ts=messages[0].ts, limit=2):
        pages.append([message["text"] for message in page["messages"]])
    assert pages == [["root", "reply 0", "reply 1"], ["root", "reply 2", "reply 3"], ["root", "reply 4"]]


async def test_the_root_tells_of_its_replies_and_they_of_it(slack: RunningSlack, client: AsyncWebClient) -> None:
    messages = await thread(slack, 3)
    told = (await client.conversations_replies(channel=slack.general.id, ts=messages[0].ts))["messages"]
    root, *replies = told
    assert (root["reply_count"], root["latest_reply"], root["reply_users"]) == (3, messages[-1].ts, [slack.ben.id])
    assert {reply["parent_user_id"] for reply in replies} == {slack.ada.id}


async def test_a_reply_alone_is_found_by_its_own_ts(slack: RunningSlack, client: AsyncWebClient) -> None:
    messages = await thread(slack, 1)
    told = (await client.conversations_replies(channel=slack.general.id, ts=messages[1].ts))["messages"]
    assert [item["text"] for item in told] == ["reply 0"]
    missing = client.conversations_replies(channel=slack.general.id, ts="1.000001")
    assert await refusal(missing) == "thread_not_found"


async def test_a_history_comes_latest_first_without_replies(slack: RunningSlack, client: AsyncWebClient) -> None:
    await thread(slack, 2)
    await slack.say(slack.ada, slack.general, "later")
    first = await client.conversations_history(channel=slack.general.id, limit=1)
    assert ([message["text"] for message in first["messages"]], first["has_more"]) == (["later"], True)
    cursor = first["response_metadata"]["next_cursor"]
    second = await client.conversations_history(channel=slack.general.id, limit=1, cursor=cursor)
    assert ([message["text"] for message in second["messages"]], second["has_more"]) == (["root"], False)


async def test_bounds_are_open_unless_told_otherwise(slack: RunningSlack, client: AsyncWebClient) -> None:
    said = [await slack.say(slack.ada, slack.general, f"{number}") for number in range(5)]
    bounds: dict[str, Any] = {"channel": slack.general.id, "oldest": said[1].ts, "latest": said[3].ts}
    inner = (await client.conversations_history(**bounds))["messages"]
    outer = (await client.conversations_history(**bounds, inclusive=True))["messages"]
    assert ([item["text"] for item in inner], [item["text"] for item in outer]) == (["2"], ["3", "2", "1"])


async def test_limits_of_pages(slack: RunningSlack, client: AsyncWebClient) -> None:
    root = (await thread(slack, 1))[0]
    assert await refusal(client.conversations_history(channel=slack.general.id, limit=1_000)) == "invalid_limit"
    replies = client.conversations_replies(channel=slack.general.id, ts=root.ts, limit=1_001)
    assert await refusal(replies) == "invalid_limit"


async def test_metadata_is_told_when_it_is_asked_for(slack: RunningSlack, client: AsyncWebClient) -> None:
    metadata = {"event_type": "answer", "event_payload": {"key": "k1"}}
    await client.chat_postMessage(channel=slack.general.id, text="a", metadata=metadata)
    place: dict[str, Any] = {"channel": slack.general.id}
    (plain,) = (await client.conversations_history(**place))["messages"]
    (full,) = (await client.conversations_history(**place, include_all_metadata=True))["messages"]
    assert ("metadata" in plain, full["metadata"]) == (False, metadata)


async def test_a_message_can_be_found_late() -> None:
    async with running_slack(Options(history_lag_s=5)) as slack, web_client(slack) as client:
        posted = await client.chat_postMessage(channel=slack.general.id, text="a")
        assert (await client.conversations_history(channel=slack.general.id))["messages"] == []
        replies = client.conversations_replies(channel=slack.general.id, ts=posted["ts"])
        assert await refusal(replies) == "thread_not_found"
        slack.clock.advance(5)
        (found,) = (await client.conversations_history(channel=slack.general.id))["messages"]
        assert found["ts"] == posted["ts"]
