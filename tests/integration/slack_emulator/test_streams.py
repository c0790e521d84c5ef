"""Messages that are written while people look."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.models.messages.chunk import MarkdownTextChunk, PlanUpdateChunk, TaskUpdateChunk
from slack_sdk.web.async_client import AsyncWebClient

from tests.emulators.slack import Message, RunningSlack
from tests.integration.slack_emulator.apps import refusal

Json = dict[str, Any]


async def asked(slack: RunningSlack) -> tuple[Message, Json]:
    """A question, and what a stream below it must name."""
    question = await slack.say(slack.ada, slack.general, "why?")
    place = {"channel": slack.general.id, "thread_ts": question.ts}
    return question, place | {"recipient_user_id": slack.ada.id, "recipient_team_id": slack.team.id}


async def test_a_stream_is_one_message_that_grows(slack: RunningSlack, client: AsyncWebClient) -> None:
    question, place = await asked(slack)
    stream = await client.chat_stream(**place, buffer_size=1)
    await stream.append(markdown_text="Because **it** ")
    assert "(still writing): Because **it**" in slack.transcript(slack.general)
    await stream.append(markdown_text="rains.")
    await stream.stop(blocks=[{"type": "divider"}])
    assert slack.transcript(slack.general).endswith("    Seedling: Because **it** rains.\n      ---")
    replies = (await client.conversations_replies(channel=slack.general.id, ts=question.ts))["messages"]
    assert replies[1]["text"] == "Because **it** rains."
    assert slack.violations == []


async def test_steps_are_shown_between_text_and_last_blocks(slack: RunningSlack, client: AsyncWebClient) -> None:
    _, place = await asked(slack)
    stream = await client.chat_stream(**place, task_display_mode="plan")
    await stream.append(chunks=[PlanUpdateChunk(title="Plan"), TaskUpdateChunk(id="1", title="Look", status="pending")])
    await stream.append(chunks=[TaskUpdateChunk(id="1", title="Look", status="complete"), MarkdownTextChunk(text="So")])
    await stream.stop()
    (answer,) = slack.answers(slack.general)
    assert slack.shown(answer) == "So\nPlan\n(complete) Look"


@pytest.mark.parametrize(
    ("left_out", "error"),
    [
        pytest.param("recipient_user_id", "missing_recipient_user_id", id="user"),
        pytest.param("recipient_team_id", "missing_recipient_team_id", id="team"),
    ],
)
async def test_in_a_channel_a_stream_has_a_recipient(
    slack: RunningSlack, client: AsyncWebClient, left_out: str, error: str
) -> None:
    _, place = await asked(slack)
    place.pop(left_out)
    assert await refusal(client.chat_startStream(**place)) == error


async def test_in_a_direct_message_a_stream_needs_only_a_thread(slack: RunningSlack, client: AsyncWebClient) -> None:
    direct = slack.direct(slack.ada)
    question = await slack.say(slack.ada, direct, "why?")
    assert (await client.chat_startStream(channel=direct.id, thread_ts=question.ts))["ok"]
    alone = client.api_call("chat.startStream", json={"channel": direct.id})
    assert await refusal(alone) == "invalid_arguments"
    assert await refusal(client.chat_startStream(channel=direct.id, thread_ts="1.000001")) == "invalid_thread_ts"


async def test_a_stream_ends_by_itself(slack: RunningSlack, client: AsyncWebClient) -> None:
    _, place = await asked(slack)
    started = await client.chat_startStream(**place, markdown_text="half of it")
    slack.clock.advance(slack.options.stream_limit_s)
    own = {"channel": slack.general.id, "ts": started["ts"]}
    assert await refusal(client.chat_appendStream(**own, markdown_text="x")) == "message_not_in_streaming_state"
    assert await refusal(client.chat_stopStream(**own)) == "message_not_in_streaming_state"
    assert "(cut off): half of it" in slack.transcript(slack.general)
    await client.chat_update(**own, text="all of it")
    assert slack.transcript(slack.general).endswith("(edited): all of it")


async def test_what_streams_is_not_edited_and_what_does_not_is_not_appended(
    slack: RunningSlack, client: AsyncWebClient
) -> None:
    _, place = await asked(slack)
    started = await client.chat_startStream(**place, markdown_text="a")
    own = {"channel": slack.general.id, "ts": started["ts"]}
    assert await refusal(client.chat_update(**own, text="b")) == "streaming_state_conflict"
    await client.chat_stopStream(**own)
    assert await refusal(client.chat_appendStream(**own, markdown_text="b")) == "message_not_in_streaming_state"
    posted = await client.chat_postMessage(channel=slack.general.id, text="post")
    other = {"channel": slack.general.id, "ts": posted["ts"]}
    assert await refusal(client.chat_appendStream(**other, markdown_text="b")) == "message_not_in_streaming_state"


@pytest.mark.parametrize(
    ("more", "error"),
    [
        pytest.param({}, "no_text", id="nothing"),
        pytest.param({"markdown_text": "x" * 12_001}, "msg_too_long", id="long"),
        pytest.param({"chunks": [{"type": "markdown_text", "text": "x" * 12_001}]}, "msg_too_long", id="long-chunk"),
        pytest.param({"chunks": [{"type": "song"}]}, "invalid_chunks", id="unknown-chunk"),
        pytest.param({"chunks": [{"type": "task_update", "id": "1"}]}, "invalid_chunks", id="half-a-task"),
        pytest.param(
            {"chunks": [{"type": "blocks", "blocks": [{"type": "divider"}] * 51}]}, "invalid_blocks", id="51-blocks"
        ),
    ],
)
async def test_what_cannot_be_appended_leaves_the_stream_as_it_was(
    slack: RunningSlack, client: AsyncWebClient, more: Json, error: str
) -> None:
    _, place = await asked(slack)
    started = await client.chat_startStream(**place, markdown_text="a")
    body = {"channel": slack.general.id, "ts": started["ts"], **more}
    assert await refusal(client.api_call("chat.appendStream", json=body)) == error
    (answer,) = slack.answers(slack.general)
    assert slack.shown(answer) == "a"


async def test_stop_ends_the_streams_of_the_thread_and_tells_the_app(
    slack: RunningSlack, client: AsyncWebClient
) -> None:
    question, place = await asked(slack)
    session = {"channel_id": slack.general.id, "thread_ts": question.ts}
    told = await client.agents_sessions_setStatus(**session, status="processing", title="Rain")
    assert (told["status"], told["title"]) == ("processing", "Rain")
    started = await client.chat_startStream(**place, markdown_text="a")
    await slack.press_stop(slack.ada, question)
    own = {"channel": slack.general.id, "ts": started["ts"]}
    assert await refusal(client.chat_appendStream(**own, markdown_text="b")) == "stopped_by_user"
    event = slack.deliveries.log[-1].payload["event"]
    assert (event["type"], event["streaming_message_ts"]) == ("agent_session_stopped", [started["ts"]])
    await client.agents_sessions_setStatus(**session, status="active")
    with pytest.raises(AssertionError, match="no Stop button"):
        await slack.press_stop(slack.ada, question)


async def test_stopping_a_stream_can_move_its_session(slack: RunningSlack, client: AsyncWebClient) -> None:
    question, place = await asked(slack)
    session = {"channel_id": slack.general.id, "thread_ts": question.ts}
    await client.agents_sessions_setStatus(**session, status="processing")
    started = await client.chat_startStream(**place, markdown_text="a")
    await client.chat_stopStream(channel=slack.general.id, ts=started["ts"], session_status="active")
    assert [status for _, status in slack.surfaces.session_history] == ["processing", "active"]


async def test_a_status_goes_when_the_app_posts_or_after_a_while(slack: RunningSlack, client: AsyncWebClient) -> None:
    question, _ = await asked(slack)
    place: Json = {"channel_id": slack.general.id, "thread_ts": question.ts}
    await client.assistant_threads_setStatus(**place, status="is thinking...")
    assert slack.transcript(slack.general).endswith("(Seedling is thinking...)")
    await client.chat_postMessage(channel=slack.general.id, thread_ts=question.ts, text="there")
    assert "thinking" not in slack.transcript(slack.general)
    await client.assistant_threads_setStatus(**place, status="is thinking...")
    slack.clock.advance(121)
    assert "thinking" not in slack.transcript(slack.general)


async def test_sessions_need_a_thread_and_a_known_status(slack: RunningSlack, client: AsyncWebClient) -> None:
    question, _ = await asked(slack)
    place = {"channel_id": slack.general.id}
    assert await refusal(client.agents_sessions_setStatus(**place, status="active")) == "thread_ts_required"
    wrong = client.agents_sessions_setStatus(**place, thread_ts=question.ts, status="dreaming")
    assert await refusal(wrong) == "invalid_status"
    await client.agents_sessions_setStatus(**place, thread_ts=question.ts, status="active")
    renamed = await client.agents_sessions_rename(**place, thread_ts=question.ts, title="Rain")
    assert renamed["title"] == "Rain"


async def test_a_person_can_rename_a_session(slack: RunningSlack, client: AsyncWebClient) -> None:
    question, _ = await asked(slack)
    place = {"channel_id": slack.general.id, "thread_ts": question.ts}
    await client.agents_sessions_setStatus(**place, status="active", title="Rain")
    await slack.rename_session(slack.ben, question, "Weather")
    event = slack.deliveries.log[-1].payload["event"]
    assert (event["previous_title"], event["title"], event["user"]) == ("Rain", "Weather", slack.ben.id)


async def test_every_version_that_people_saw_is_kept_with_its_time(slack: RunningSlack, client: AsyncWebClient) -> None:
    _, place = await asked(slack)
    started = await client.chat_startStream(**place, markdown_text="One ")
    where = {"channel": slack.general.id, "ts": started["ts"]}
    await client.chat_appendStream(**where, markdown_text="two.")
    await client.chat_stopStream(**where)
    await client.chat_update(**where, text="Three.", blocks=[])
    await client.chat_delete(**where)
    written = slack.general.by_ts[started["ts"]]
    assert [(each.text, each.growing, each.removed) for each in written.seen] == [
        ("One ", True, False),
        ("One two.", True, False),
        ("One two.", False, False),
        ("Three.", False, False),
        ("Three.", False, True),
    ]
    assert sorted(each.at for each in written.seen) == [each.at for each in written.seen]
