"""The pages, forms and event streams of the playground, as a browser without scripts and as scripts use them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape

import pytest

from adapters.web.frame import FrameOptions
from adapters.web.playground.channel_access import HOME
from adapters.web.playground.page_streams import OpenPage
from adapters.web.playground.platform import Playground, PlaygroundOptions, Site
from bot.commands.completion import complete
from bot.errors import FileTooLarge
from bot.parameters import PARAMETERS
from bot.types import Channel, ChannelMessage, ConversationKey, Draft, Person, Workspace
from storage.in_memory.store import MemoryStore
from tests.browser.conftest import TickingClock
from tests.browser.driven_bot import DrivenBot
from tests.web_visitors import ORIGIN, SECRET, Heard, Visitor, settled

GERMAN = ("Denkt nach", "Kopieren", "Angehalten")
GENERAL = "/c/local/general"


class House:
    """A playground without a server, and people in front of it."""

    def __init__(
        self, playground: Playground, store: MemoryStore, bot: DrivenBot, site: Site, clock: TickingClock
    ) -> None:
        self.playground, self.store, self.bot, self.site, self.clock = playground, store, bot, site, clock
        self.ada, self.bob = self.person("ada"), self.person("bob")

    def person(self, name: str) -> Visitor:
        return Visitor(self.site.app, f"u-{name}", name.capitalize())

    def message(self, id: str, text: str, thread: str = "") -> ChannelMessage:
        author = Person(id="u-eve", name="Eve")
        return ChannelMessage(
            workspace="local", channel="general", id=id, author=author, text=text, at=self.clock(), thread=thread
        )

    async def say(self, id: str, text: str, thread: str = "") -> None:
        await self.store.put_messages([self.message(id, text, thread)])
        self.site.hub.hear()


@asynccontextmanager
async def open_house(store: MemoryStore | None = None) -> AsyncIterator[House]:
    clock, bot = TickingClock(), DrivenBot()
    store = store or MemoryStore(clock=clock)
    options = PlaygroundOptions(
        frame=FrameOptions(host="127.0.0.1", secret=SECRET),
        port=0,
        model_name="tiny",
        notice="",
        complete=complete,
        file_bytes=2_000_000,
    )
    playground = Playground(store, options=options, clock=clock)
    bot.platform, bot.store = playground, store
    async with playground.site(bot) as site:
        yield House(playground, store, bot, site, clock)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with open_house() as house:
        yield house


def kinds(heard: list[Heard]) -> list[str]:
    return [item.kind for item in heard if item.kind != "here"]


def grown(heard: list[Heard], id: str) -> str:
    """The text of an answer as a page makes it of what it heard, counting as browsers do."""
    body = b""
    for item in heard:
        if item.values.get("id") != id:
            continue
        if item.kind == "message":
            body = item.values.get("parts", {}).get("body", "").encode("utf-16-le")
        elif "body" in item.values["parts"]:
            start, cut, text = item.values["parts"]["body"]
            body = body[: 2 * start] + text.encode("utf-16-le") + body[2 * (start + cut) :]
    return body.decode("utf-16-le")


# ---------------------------------------------------------------- pages


async def test_a_page_is_read_and_written_without_scripts(house: House) -> None:
    page = await house.ada.get("/")
    assert page.headers["location"] == GENERAL
    page = await house.ada.get(GENERAL)
    assert "Welcome to Seedling." in page.text
    sent = await house.ada.post(f"{GENERAL}/send", scripted=False, text="@seedling why?", token="t")
    reply = await house.bot.next_reply()
    await reply.finish(Draft(status="done", text="**Because** of", is_cut=True))
    thread = await house.ada.get(sent.headers["location"])
    assert "<strong>Because</strong> of" in thread.text
    assert ">Continue</button>" in thread.text
    again = await house.ada.post(f"{GENERAL}/again?id=turn-1&how=continue", scripted=False)
    assert again.status_code == 303
    assert [how for _, how in house.bot.gone_on] == ["continue"]


async def test_a_command_is_answered_on_the_page_without_scripts(house: House) -> None:
    house.bot.notes["/show"] = "`max_tokens` is **10**"
    page = await house.ada.post(f"{GENERAL}/send", scripted=False, text="/show")
    assert page.status_code == 200
    assert "is <strong>10</strong>" in page.text
    assert page.text.count("<article") == 1, "nobody else sees a command"


async def test_the_same_form_twice_is_one_message(house: House) -> None:
    for _ in range(2):
        await house.ada.send("hello", token="once")
    assert [item.text for item in await house.store.get_messages("local", "general", limit=9)][1:] == ["hello"]


async def test_older_messages_come_page_by_page_in_both_directions(house: House) -> None:
    await house.store.put_messages([house.message(f"n{number}", f"number {number}") for number in range(120)])
    newest = await house.ada.get(GENERAL)
    assert newest.text.count("<article") == 50
    assert "?before=n70" in newest.text
    part = await house.ada.get(f"{GENERAL}?before=n70&part=messages")
    assert part.text.count("<article") == 50
    assert "<html" not in part.text
    assert "?before=n20" in part.text
    assert "?after=n69" in part.text
    later = await house.ada.get(f"{GENERAL}?after=n69&part=messages")
    assert "number 119" in later.text
    assert "Show later" not in later.text


@pytest.mark.parametrize(
    "path",
    [
        "/c/local/direct-u-ada",
        "/c/local/direct-u-ada/turn-1",
        "/events/local/direct-u-ada?after=0",
        "/complete/local/direct-u-ada?text=@",
        "/c/nowhere/general",
    ],
)
async def test_what_is_not_theirs_is_not_there(house: House, path: str) -> None:
    await house.ada.send("my secret?", place="local/direct-u-ada")
    await house.bot.answer("Your secret.")
    assert (await house.ada.get("/c/local/direct-u-ada")).text.count("Your secret.") == 1
    answer = await house.bob.get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text


async def test_forms_reach_no_channel_of_somebody_else(house: House) -> None:
    await house.ada.send("my secret?", place="local/direct-u-ada")
    await house.bot.answer("Your secret.")
    for act in ("send", "stop", "again", "delete"):
        answer = await house.bob.post(f"/c/local/direct-u-ada/{act}", text="hi", id="turn-1", how="regenerate")
        assert answer.status_code == 404
    assert len(house.bot.asked) == 1
    assert not house.bot.gone_on


@pytest.mark.parametrize("id", ["direct-u-ada", "DIRECT-u-ada", "direct-sales", "seedling"])
async def test_nobody_makes_a_channel_of_a_direct_conversation(house: House, id: str) -> None:
    made = await house.bob.post("/channels/local", scripted=False, name=id)
    assert made.status_code == 400
    assert "Direct conversations are called so." in made.text
    assert [channel.id for channel in await house.store.get_channels("local")] == ["general", "random"]


async def test_a_channel_that_lies_where_a_direct_conversation_belongs_shows_it_to_nobody(house: House) -> None:
    trap = Channel(workspace="local", id="direct-u-ada", name="direct-u-ada")
    await house.store.put_workspace(HOME, [trap], [])
    async with house.bob.listening(house.site.hub, "/events/local/general") as heard:
        await house.ada.send("my secret?", place="local/direct-u-ada")
        await house.bot.answer("Your secret.")
    assert "Your secret." in (await house.ada.get("/c/local/direct-u-ada")).text
    assert not kinds(heard)
    assert (await house.bob.get("/c/local/direct-u-ada")).status_code == 404
    assert "Your secret." not in (await house.bob.get("/search?q=secret")).text
    key = ConversationKey(platform="local", workspace="local", channel="direct-u-ada", thread="")
    assert not await house.playground.may_read(key, Person(id="u-bob", name="Bob"))
    assert not await house.playground.is_public(key)


async def test_a_message_of_somebody_else_is_not_deleted(house: House) -> None:
    await house.say("theirs", "said by Eve")
    answer = await house.ada.post(f"{GENERAL}/delete?id=theirs")
    assert (answer.status_code, answer.json()["error"]) == (400, "Only messages of your own can be deleted.")
    assert "delete" not in (await house.ada.get(GENERAL)).text.split("<article")[2].split("</article>")[0]


async def test_a_form_without_the_token_of_its_page_is_refused(house: House) -> None:
    page = await house.ada.client.post(f"{GENERAL}/send", data={"text": "hi"}, headers={"Origin": "http://localhost"})
    assert page.status_code == 403
    elsewhere = await house.ada.client.get("/events/local/general?after=0", headers={"Origin": "https://evil.example"})
    assert elsewhere.status_code == 403


LIKE_THE_BOT = [
    *("Seedling", " SEED-LING ", "@seedling", "See\u200bdling", "\u202eSeedling", "SeedIing", "S33dl1ng"),
    *("\u0405eedling", "S\u0415\u0435dling", "Seedl\u0406ng", "Seedl\u0399ng"),
]


@pytest.mark.parametrize("name", LIKE_THE_BOT)
async def test_nobody_is_called_so_that_it_looks_like_the_bot(house: House, name: str) -> None:
    answer = await house.ada.post("/name", name=name, next=GENERAL)
    assert (answer.status_code, "what the bot is called" in answer.json()["error"]) == (400, True)


async def test_nothing_invisible_turns_what_stands_behind_a_name(house: House) -> None:
    answer = await house.ada.post("/name", name="\u202eAda\u2066\u200b \n Lovelace", next=GENERAL)
    assert answer.json() == {"name": "Ada Lovelace"}


async def test_who_has_no_name_writes_nothing(house: House) -> None:
    nobody = Visitor(house.site.app, "", "")
    assert "What shall the others call you?" in (await nobody.get(GENERAL)).text
    assert (await nobody.post(f"{GENERAL}/send", text="hi")).status_code == 400
    for name in ("Seedling", "s e e d l i n g", "SEEDLİNG", "S\u0435\u0435dling", "..."):
        refused = await nobody.post("/name", name=name)
        assert refused.status_code == 400, name
    assert (await nobody.post("/name", name="  Grace   Hopper ")).json() == {"name": "Grace Hopper"}
    assert (await nobody.post(f"{GENERAL}/send", text="hi")).status_code == 200


# ---------------------------------------------------------------- events


async def test_an_answer_comes_as_what_is_new_of_it(house: House) -> None:
    sent = await house.ada.send("@seedling tell me")
    reply = await house.bot.next_reply()
    thread = sent["opens"].rpartition("/")[2]
    text = ""
    async with house.ada.listening(house.site.hub, f"/events/local/general?thread={thread}") as heard:
        for number in range(5):
            text += f"Paragraph {number} \N{ROCKET} of it.\n\n"
            await reply.show(Draft(status="writing", text=text))
            await settled(house.site.hub)
        await reply.finish(Draft(status="done", text=text + "The end."))
    patches = [item for item in heard if item.kind == "patch"]
    assert patches
    assert all(len(item.values["parts"]["body"][2]) < 200 for item in patches), "never the whole again"
    assert patches[-1].values["status"] == "done"
    assert grown(heard, "turn-1").count("<p>") == 6
    assert grown(heard, "turn-1").endswith("<p>The end.</p>\n")


async def test_a_lost_connection_goes_on_where_it_was_lost(house: House) -> None:
    async with house.ada.listening(house.site.hub, "/events/local/general") as heard:
        await house.say("m1", "first")
    last = next(item.position for item in reversed(heard) if item.position)
    await house.say("m2", "while away")
    await house.say("m3", "inside", thread="m2")
    async with house.ada.listening(house.site.hub, "/events/local/general", last) as heard:
        await house.say("m4", "back")
    assert [item.values["id"] for item in heard if item.kind == "message"] == ["m2", "m4"]
    assert 'href="/c/local/general/m2">1 reply' in heard[0].values["html"]


async def test_who_reconnects_in_the_middle_gets_the_whole_answer_and_then_what_is_new(house: House) -> None:
    await house.ada.send("hi", place="local/direct-u-ada")
    reply = await house.bot.next_reply()
    await reply.show(Draft(status="writing", text="Once upon"))
    await settled(house.site.hub)
    async with house.ada.listening(house.site.hub, "/events/local/direct-u-ada") as heard:
        await reply.show(Draft(status="writing", text="Once upon a time"))
        await settled(house.site.hub)
    assert grown(heard, "turn-1") == "<p>Once upon a time</p>\n"


async def test_everybody_reads_an_answer_in_their_own_language_while_it_grows(house: House) -> None:
    house.bob.client.headers["Accept-Language"] = "de-DE"
    hub = house.site.hub
    await house.ada.send("@seedling hi", token="t")
    thread = house.bot.asked[0].key.thread
    reply = await house.bot.next_reply()
    await reply.show(Draft(status="thinking"))
    await settled(hub)
    there = f"/events/local/general?thread={thread}"
    async with house.ada.listening(hub, there) as english, house.bob.listening(hub, there) as german:
        await reply.show(Draft(status="writing", text="`x`\n\n```\ncode"))
        await settled(hub)
        await reply.finish(Draft(status="stopped", text="`x`\n\n```\ncode\n```"))
    for heard, words, others in ((english, ("Thinking", "Copy", "Stopped"), "Kopieren"), (german, GERMAN, "Copy code")):
        told = "".join(str(item.values) for item in heard)
        assert [word for word in words if word not in told] == []
        assert others not in told
    assert "Good answer" in (await house.ada.get(f"{GENERAL}/{thread}")).text
    page = (await house.bob.get(f"{GENERAL}/{thread}")).text
    assert "Gute Antwort" in page
    assert "Nachrichten in diesem Thread" in page


async def test_what_somebody_is_told_is_in_their_language(house: House) -> None:
    german = {"Accept-Language": "de-DE"}
    page = (await house.ada.client.get(GENERAL, headers=german)).text
    assert '<html lang="de"' in page
    assert "Willkommen bei Seedling" in page
    assert "Fragen und Antworten für alle" in page
    assert "Die Verbindung ist weg" in page, "the sentences of scripts come with the page"
    assert "The connection is lost" not in (await house.ada.get(GENERAL)).text, "which have the English ones themselves"
    house.ada.client.headers.update(german)
    await house.ada.send("@seedling was?", token="t")
    assert house.bot.asked[0].platform_data == {"locale": "de"}
    refused = await house.ada.client.get("/text/local/general/none", headers={"Accept": "*/*"})
    assert refused.text.strip() == "Diese Nachricht gibt es hier nicht mehr."


async def test_another_process_takes_the_stream_up(house: House) -> None:
    """Nothing of a page is kept in a process: the same store behind another one is enough."""
    async with house.ada.listening(house.site.hub, "/events/local/general") as heard:
        await house.say("m1", "first")
    last = next(item.position for item in reversed(heard) if item.position)
    async with open_house(house.store) as other:
        await house.say("m2", "second")
        async with other.ada.listening(other.site.hub, "/events/local/general", last) as heard:
            await house.say("m3", "third")
    assert [item.values["id"] for item in heard if item.kind == "message"] == ["m2", "m3"]


async def test_what_a_page_was_read_with_is_not_told_to_it_again(house: House) -> None:
    await settled(house.site.hub)
    await house.store.put_messages(
        [house.message(f"n{number}", "imported") for number in range(150)]
    )  # nobody is woken
    async with house.ada.listening(house.site.hub, "/events/local/general") as heard:
        await house.say("m1", "new")
    assert [item.values["id"] for item in heard if item.kind != "here"] == ["m1"]


async def test_who_was_away_for_too_long_reads_the_page_anew(house: House) -> None:
    await house.say("m1", "first")
    await house.say("m2", "second")
    await house.store.prune_playground(house.clock())
    assert kinds(await house.ada.events("/events/local/general?after=1")) == ["reset"]
    assert kinds(await house.ada.events("/events/local/general?after=999999")) == ["reset"]
    assert kinds(await house.ada.events("/events/local/general?after=x")) == ["reset"]


async def test_a_page_that_does_not_follow_is_told_to_read_anew_and_holds_nothing_up(house: House) -> None:
    _, position = await house.store.get_playground_positions()
    stream = await house.site.hub.open(_view("u-slow"), position)
    assert stream is not None
    for number in range(300):
        await house.say(f"m{number}", f"number {number}")
    await settled(house.site.hub)
    waiting = [stream.events.get_nowait() for _ in range(stream.events.qsize())]
    assert b"event: reset" in b"".join(waiting)
    assert len(waiting) < 250


def _view(person: str) -> OpenPage:
    return OpenPage(person=Person(id=person, name="x"), is_admin=False, workspace="local", channel="general", thread="")


async def test_others_hear_that_there_is_something_new_and_nothing_of_what_is_private(house: House) -> None:
    await house.ada.send("before", place="local/direct-u-ada")
    async with house.bob.listening(house.site.hub, "/events/local/random") as heard:
        await house.ada.send("@seedling public?")
        await house.ada.send("my secret?", place="local/direct-u-ada")
        await house.bot.answer("The public one.")
        await house.bot.answer("Your secret.")
    assert {item.values.get("channel") for item in heard if item.kind == "unread"} == {"local/general"}
    assert "direct-u-ada" not in str(heard)
    assert "secret" not in str(heard)


async def test_deleted_and_forgotten_messages_leave_open_pages(house: House) -> None:
    sent = await house.ada.send("my password is hunter2", token="t")
    assert not sent["notes"]
    message = (await house.store.get_messages("local", "general", limit=1))[0]
    async with house.bob.listening(house.site.hub, "/events/local/general") as heard:
        await house.ada.post(f"{GENERAL}/delete?id={message.id}")
    assert "This message was deleted." in heard[-1].values["html"]
    assert "hunter2" not in str(heard)
    key = ConversationKey(platform="local", workspace="local", channel="general", thread=message.id)
    async with house.bob.listening(house.site.hub, "/events/local/general") as heard:
        await house.store.forget_conversation(key)
        house.site.hub.hear()
    assert kinds(heard) == ["place"]


async def test_a_new_workspace_reaches_open_pages(house: House) -> None:
    async with house.ada.listening(house.site.hub, "/events/local/general") as heard:
        channel = Channel(workspace="irc", id="ubuntu", name="ubuntu")
        await house.store.put_workspace(Workspace(id="irc", name="Imported"), [channel], [])
        house.site.hub.hear()
    assert kinds(heard) == ["place"]
    assert ">Imported</a>" in (await house.ada.get(GENERAL)).text


# ---------------------------------------------------------------- files


async def upload(house: House, who: Visitor, data: bytes, name: str = "a.png", place: str = "local/general") -> str:
    answer = await who.upload(place, name, data, "image/png")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


async def test_files_go_with_a_message_and_to_those_who_see_it(house: House) -> None:
    ids = [await upload(house, house.ada, b"\x89PNG", name) for name in ("a.png", "b.png")]
    await house.ada.send("@seedling what is this?", files=",".join(ids))
    asked = house.bot.asked[0]
    assert [item.name for item in asked.attachments] == ["a.png", "b.png"]
    assert await house.playground.fetch(asked.attachments[0], limit=9, of=None) == b"\x89PNG"
    with pytest.raises(FileTooLarge):
        await house.playground.fetch(asked.attachments[0], limit=3)
    assert f'src="/files/local/general/{ids[0]}"' in (await house.bob.get(GENERAL)).text
    picture = await house.bob.get(f"/files/local/general/{ids[0]}")
    assert (picture.content, picture.headers["content-type"]) == (b"\x89PNG", "image/png")


async def test_a_file_alone_is_a_question_in_a_direct_conversation(house: House) -> None:
    place = "local/direct-u-ada"
    id = await upload(house, house.ada, b"x", place=place)
    await house.ada.send("", place=place, files=id)
    assert [item.id for item in house.bot.asked[0].attachments] == [id]
    for path in (f"/files/{place}/{id}", f"/files/local/general/{id}"):
        assert (await house.bob.get(path)).status_code == 404


async def test_what_is_refused_is_refused_with_its_limit(house: House) -> None:
    assert (
        await house.ada.upload("local/general", "big", b"x" * 2_000_001)
    ).text.strip() == "big is larger than 2.0 MB."
    id = await upload(house, house.ada, b"x")
    for who, files in ((house.bob, id), (house.ada, "nonsense"), (house.ada, ",".join([id] * 21))):
        assert "error" in await who.send("hi", files=files)
    answer = await house.ada.client.post("/files/local/general?name=x", content=b"x", headers={"Origin": ORIGIN})
    assert answer.status_code == 403, "no page of ours sent it"


async def test_a_file_runs_nothing_in_the_page(house: House) -> None:
    attack = b"<script>alert(1)</script>"
    name = '"><img src=x onerror=alert(1)>.html'
    id = (await house.ada.upload("local/general", name, attack, "text/html")).json()["id"]
    await house.ada.send("look", files=id)
    given = await house.bob.get(f"/files/local/general/{id}")
    assert given.headers["content-type"] == "application/octet-stream"
    assert given.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%22%3E")
    assert "<img src=x" not in (await house.bob.get(GENERAL)).text


# ---------------------------------------------------------------- what can be done with messages


async def test_a_message_is_changed_by_its_author_and_the_bot_hears_of_it(house: House) -> None:
    await house.ada.send("@seedling hwat?", token="t")
    message = (await house.store.get_messages("local", "general", limit=1))[0]
    assert "error" in (await house.bob.post(f"{GENERAL}/edit", id=message.id, text="mine now")).json()
    async with house.bob.listening(house.site.hub, "/events/local/general") as heard:
        await house.ada.post(f"{GENERAL}/edit", id=message.id, text="@seedling what?")
    assert "what?" in heard[-1].values["html"]
    [edited] = house.bot.edits
    assert (edited.message_id, edited.text, edited.is_directed) == (message.id, "what?", True)
    assert edited.key == house.bot.asked[0].key
    assert (await house.bob.get(f"/text/local/general/{message.id}")).text == "@seedling what?"


async def test_an_opinion_of_an_answer_is_noted(house: House) -> None:
    sent = await house.ada.send("@seedling why?")
    await house.bot.answer("Because.")
    thread = await house.ada.get(sent["opens"])
    assert 'aria-label="Bad answer"' in thread.text
    answer = await house.ada.post(f"{GENERAL}/feedback?id=turn-1&good=no")
    assert house.bot.opinions == [(1, "u-ada", False)]
    assert "noted as a bad answer" in answer.text


async def test_history_is_searched_in_what_somebody_sees(house: House) -> None:
    await house.say("m1", "The Pump leaks again")
    await house.say("m2", "a pump in a thread", thread="m1")
    await house.ada.send("my pump is secret", place="local/direct-u-ada")
    found = (await house.bob.get("/search?q=pump")).text
    assert found.count('class="found"') == 2
    assert "secret" not in found
    assert 'href="/c/local/general/m1?around=m2"' in found
    assert "Nothing found" in (await house.bob.get("/search?q=pump+submarine")).text
    assert "<script" not in (await house.bob.get("/search?q=<script>x</script>")).text.split("<h1>")[1]


async def test_a_date_and_a_message_are_jumped_to(house: House) -> None:
    await house.store.put_messages([house.message(f"n{number}", f"number {number}") for number in range(200)])
    around = (await house.ada.get(f"{GENERAL}?around=n100")).text
    assert ("number 76" in around, "number 124" in around, "number 130" in around) == (True, True, False)
    assert "Show later messages" in around
    day = (await house.ada.get(f"{GENERAL}?date=2026-01-05")).text
    assert "Welcome to Seedling." in day
    assert "number 199" not in day
    for nonsense in ("x", "9999-99-99", ""):
        assert "number 199" in (await house.ada.get(f"{GENERAL}?date={nonsense}")).text


async def test_a_channel_is_made_and_seen_by_others(house: House) -> None:
    async with house.bob.listening(house.site.hub, "/events/local/general") as heard:
        made = await house.ada.post("/channels/local", scripted=False, name="#Green House", topic="Pumps")
    assert made.headers["location"] == "/c/local/green-house"
    assert kinds(heard) == ["place"]
    assert ">green-house</span>" in (await house.bob.get(GENERAL)).text
    for name in ("", "<b>", "../x", "a/b"):
        assert (await house.ada.post("/channels/local", name=name)).status_code == 400, name
    assert (await house.ada.post("/channels/nowhere", name="x")).status_code == 400


async def test_a_plain_message_comes_back_as_unheard_by_the_bot(house: House) -> None:
    assert (await house.ada.send("hello all"))["unheard"]
    assert "unheard" not in await house.ada.send("@seedling hello")


# ---------------------------------------------------------------- settings and requests


async def test_every_parameter_is_a_field_with_its_value_origin_and_range(house: House) -> None:
    page = (await house.ada.get(f"{GENERAL}?panel=settings&scope=channel")).text
    for parameter in PARAMETERS.values():
        assert escape(parameter.help, quote=False).replace('"', "&#34;").replace("'", "&#39;") in page, parameter.name
    assert "In force: <b>4096</b>, the default. Allowed: a whole number from 1 to 65,536." in page
    answer = (await house.ada.get(f"{GENERAL}/welcome?panel=settings&scope=turn")).text
    assert 'name="max_tokens"' in answer
    assert 'name="questions_per_minute"' not in answer, "what bounds people is no matter of one answer"


async def test_a_setting_is_saved_and_what_is_wrong_stands_at_its_field(house: House) -> None:
    wrong = await house.ada.post(f"{GENERAL}/settings", scripted=False, scope="channel", max_tokens="0", stop="x")
    assert "Nothing was saved" in wrong.text
    assert "max_tokens cannot be" in wrong.text
    assert not house.bot.set
    right = await house.ada.post(f"{GENERAL}/settings", scripted=False, scope="channel", max_tokens="10", stop="")
    assert "Saved: max_tokens is 10." in right.text
    assert [(scope.kind, values) for scope, values in house.bot.set] == [("channel", {"max_tokens": "10"})]


async def test_what_somebody_else_changed_meanwhile_is_told_and_never_set_back(house: House) -> None:
    form = {"scope": "channel", "max_tokens": "5", "shown-max_tokens": "5", "context": ""}
    left_alone = await house.ada.post(f"{GENERAL}/settings", scripted=False, **form)
    assert "Nothing was changed." in left_alone.text
    told = await house.ada.post(f"{GENERAL}/settings", scripted=False, **{**form, "max_tokens": "7"})
    assert "Somebody changed this meanwhile" in told.text
    assert not house.bot.set
    shown = re.search(r'name="shown-max_tokens" value="(.*?)"', told.text)
    assert shown is not None
    again = {**form, "max_tokens": "7", "shown-max_tokens": shown[1]}
    assert "Saved: max_tokens is 7." in (await house.ada.post(f"{GENERAL}/settings", scripted=False, **again)).text


async def test_a_value_is_given_for_the_next_answer_alone(house: House) -> None:
    await house.ada.send("@seedling why?", overrides='{"max_tokens": "20", "enable_thinking": "no"}')
    assert house.bot.asked[0].overrides == {"max_tokens": "20", "enable_thinking": "no"}
    for overrides in ('{"max_tokens": "0"}', '{"temperature": "1"}', '{"nonsense": "1"}'):
        assert "error" in await house.ada.send("@seedling why?", overrides=overrides)
    assert len(house.bot.asked) == 1


async def test_values_for_the_next_answer_that_cannot_be_read_are_none(house: House) -> None:
    nonsense = ("{", "[1]", "[" * 50_000, '{"a":' * 5_000)
    for overrides in nonsense:
        await house.ada.send("@seedling why?", overrides=overrides)
    assert [asked.overrides for asked in house.bot.asked] == [{}] * len(nonsense)


async def test_an_answer_is_copied_as_requests_that_run(house: House) -> None:
    question = '@seedling what\'s a "cache" \\ $HOME?'
    await house.ada.send(question)
    await house.bot.answer("A place.")
    found = (await house.ada.get("/copy/local/general/turn-1")).json()["examples"]
    texts = {item["name"]: item["text"] for item in found}
    words = shlex.split(texts["curl"].replace("\\\n", " "))
    body = json.loads(words[words.index("-d") + 1])
    assert body["messages"] == [{"role": "user", "content": question.removeprefix("@seedling ")}]
    assert (body["max_tokens"], body["enable_thinking"]) == (4096, True)
    for name in ("OpenAI SDK", "httpx"):
        compile(texts[name], name, "exec")
    assert "extra_body={'enable_thinking': True" in texts["OpenAI SDK"]
    for line in texts["/set"].splitlines():
        name, value = line.removeprefix("/set ").split(" ", 1)
        assert PARAMETERS[name].accepts(value)
    assert (await house.ada.get("/copy/local/general/welcome")).status_code == 404
    assert (await house.ada.get("/copy/local/random/turn-1")).status_code == 404
