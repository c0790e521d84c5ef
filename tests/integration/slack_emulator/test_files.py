"""Uploading and downloading."""

from __future__ import annotations

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from tests.emulators.slack import Options, RunningSlack, running_slack
from tests.integration.slack_emulator.apps import refusal


async def fetch(url: str, token: str) -> tuple[int, str, bytes]:
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"} if token else {}) as session,
        session.get(url) as response,
    ):
        return response.status, response.content_type, await response.read()


async def test_a_file_is_uploaded_into_a_thread(slack: RunningSlack, client: AsyncWebClient) -> None:
    question = await slack.say(slack.ada, slack.general, "why?")
    uploaded = await client.files_upload_v2(
        content="a,b\n1,2\n",
        filename="table.csv",
        channel=slack.general.id,
        thread_ts=question.ts,
        initial_comment="Here",
    )
    assert uploaded["file"]["size"] == 8
    (answer,) = slack.answers(slack.general, question.ts)
    assert (answer.text, answer.files[0].content) == ("Here", b"a,b\n1,2\n")
    assert slack.transcript(slack.general).endswith("Seedling: Here\n      [file: table.csv]")


async def test_a_file_that_was_not_sent_is_not_completed(slack: RunningSlack, client: AsyncWebClient) -> None:
    place = await client.files_getUploadURLExternal(filename="a.txt", length=3)
    files = [{"id": place["file_id"], "title": "a"}]
    assert await refusal(client.files_completeUploadExternal(files=files)) == "file_not_uploaded"
    async with aiohttp.ClientSession() as session:
        await session.post(place["upload_url"], data=b"abcd")
        assert await refusal(client.files_completeUploadExternal(files=files)) == "file_upload_size_mismatch"
        await session.post(place["upload_url"], data=b"abc")
        assert (await client.files_completeUploadExternal(files=files))["files"][0]["title"] == "a"


async def test_only_the_token_opens_a_file(slack: RunningSlack) -> None:
    file = slack.file(slack.ada, "notes.txt", b"notes")
    message = await slack.say(slack.ada, slack.general, "look", files=[file])
    event = slack.deliveries.log[-1].payload["event"]
    assert (message.subtype, event["files"][0]["name"]) == ("file_share", "notes.txt")
    url = event["files"][0]["url_private_download"]
    assert await fetch(url, slack.options.bot_token) == (200, "text/plain", b"notes")
    for token in ("", "xoxb-wrong", slack.workspace("Other Works").token):
        status, kind, body = await fetch(url, token)
        assert (status, kind) == (200, "text/html")
        assert b"notes" not in body


async def test_without_the_scope_there_is_the_page_to_sign_in() -> None:
    async with running_slack(Options(scopes=("chat:write",))) as slack:
        file = slack.file(slack.ada, "notes.txt", b"notes")
        url = slack.file_told(file)["url_private"]
        assert (await fetch(url, slack.options.bot_token))[1] == "text/html"


async def test_a_file_of_another_organisation_is_asked_for(slack: RunningSlack, client: AsyncWebClient) -> None:
    file = slack.file(slack.ada, "far.txt", b"far", hidden=True)
    await slack.say(slack.ada, slack.general, "look", files=[file])
    sent = slack.deliveries.log[-1].payload["event"]["files"][0]
    assert (sent["file_access"], "url_private" in sent) == ("check_file_info", False)
    told = (await client.files_info(file=file.id))["file"]
    assert (await fetch(told["url_private"], slack.options.bot_token))[2] == b"far"
    assert await refusal(client.files_info(file="F404")) == "file_not_found"


async def test_a_download_can_be_sent_elsewhere_or_fail(slack: RunningSlack) -> None:
    file = slack.file(slack.ada, "notes.txt", b"notes")
    url = slack.file_told(file)["url_private"]
    slack.fault("file", http_status=500)
    assert (await fetch(url, slack.options.bot_token))[0] == 500
    file.redirect = f"{slack.origin}/elsewhere"
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {slack.options.bot_token}"}) as session,
        session.get(url, allow_redirects=False) as response,
    ):
        assert (response.status, response.headers["Location"]) == (302, file.redirect)
