"""Do what people ask for: every action is a form that works without scripts, and answers scripts with JSON."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from adapters.web.frame import Form, page, read_form
from adapters.web.frame.routes import PageRoute, local_path
from adapters.web.playground.composer import Submission, as_edited, prepare
from adapters.web.playground.confirmations import ask_to_delete, ask_to_forget, what_it_forgets
from adapters.web.playground.files import Files
from adapters.web.playground.markdown_html import render_markdown
from adapters.web.playground.message_view import picture_html, place_path
from adapters.web.playground.pages import Note, Pages
from adapters.web.playground.request_examples import examples
from adapters.web.playground.settings_form import present_panel, read_panel, save, undo_button
from adapters.web.playground.shared import (
    FORM_BYTES,
    LENGTH,
    NO_NAME,
    TEXT_LIMIT,
    Scene,
    Surroundings,
    surroundings,
)
from adapters.web.playground.submit import NOT_STORED, pressed, submit
from adapters.web.playground.visitor import TAKEN, rename, visitor_of
from bot.commands.parser import question_in
from bot.errors import BotError, InvalidInput, StorageError
from bot.language import gettext, gettext_noop, number
from bot.parameter_resolver import canonical, with_overrides
from bot.types import ConversationKey, Entrance, FollowUp, Incoming, Outcome

logger = logging.getLogger(__name__)

NOT_DONE = gettext_noop("That could not be done. Try again in a moment.")
LIKED = gettext_noop("Thank you: noted as a good answer.")
DISLIKED = gettext_noop("Thank you: noted as a bad answer.")
UNDO_COMMAND = "/undo"
ANSWER_GONE = gettext_noop("This answer is not here any more.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Result of an action: what to tell its person, and where to go on, "" for nowhere else."""

    notes: tuple[Note, ...] = ()
    opens: str = ""
    is_kept: bool = False  # what was typed stays where it is
    more: dict[str, Any] = field(default_factory=dict)


Act = Callable[[Surroundings, Form, Request], Awaitable[Done]]


class Actions:
    """The forms of the chat."""

    def __init__(self, scene: Scene, pages: Pages, files: Files) -> None:
        self._scene = scene
        self._store = scene.store
        self._pages = pages
        self._files = files

    def routes(self) -> list[PageRoute]:
        """Return their addresses."""
        place = "/c/{workspace}/{channel}"
        acts: dict[str, Act] = {"send": self._send, "stop": self._stop, "again": self._again, "delete": self._delete}
        acts |= {"edit": self._edit, "feedback": self._feedback, "undo": self._undo}
        acts |= {"forget": self._forget}
        return [
            *(page(f"{place}/{name}", self._endpoint(act), methods=("POST",)) for name, act in acts.items()),
            page(f"{place}/settings", self._save, methods=("POST",)),
            page("/copy/{workspace}/{channel}/{thread}", self._copy_as),
            page("/name", self._rename, methods=("POST",)),
        ]

    def _endpoint(self, act: Act) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            here = await surroundings(self._scene, request)
            form = await read_form(request, limit=FORM_BYTES)
            values = {**form.values, **request.query_params}
            if thread := values.get("thread", ""):
                here = Surroundings(
                    visitor=here.visitor, workspaces=here.workspaces, channel=here.channel, thread=thread[:200]
                )
            try:
                done = await act(here, Form(values=values), request)
            except StorageError as error:
                logger.warning("the playground could not use the database", extra={"error": str(error)})
                return self._failed(request, gettext(NOT_STORED if act == self._send else NOT_DONE), 503)
            except BotError as error:
                return self._failed(request, str(error), 400)
            self._scene.hub.hear()
            return await self._answer(request, here, done)

        return endpoint

    async def _answer(self, request: Request, here: Surroundings, done: Done) -> Response:
        if _is_script(request):
            notes = [{"kind": item.kind, "html": item.html, "asked": item.asked} for item in done.notes]
            return JSONResponse(
                {"notes": notes, "thread": here.thread, "opens": done.opens, "kept": done.is_kept, **done.more}
            )
        if done.notes:
            return await self._pages.show(request, here, notes=done.notes)
        back = place_path(here.channel.workspace, here.channel.id, *([here.thread] if here.thread else []))
        return RedirectResponse(done.opens or back, 303)

    def _failed(self, request: Request, text: str, status: int) -> Response:
        if _is_script(request):
            return JSONResponse({"error": text}, status)
        raise HTTPException(status, text)

    # ------------------------------------------------------------ writing

    async def _send(self, here: Surroundings, form: Form, request: Request) -> Done:  # noqa: ARG002 - as every action
        channel, text, person = here.channel, form["text"], here.visitor.person
        if not person.name:
            raise InvalidInput(gettext(NO_NAME))
        attachments = await self._files.sent(here, form["files"])
        if not (text or attachments) or len(text) > TEXT_LIMIT:
            raise InvalidInput(gettext(LENGTH).format(most=number(TEXT_LIMIT)))
        if here.thread and await self._store.get_message(channel.workspace, channel.id, here.thread) is None:
            raise InvalidInput(gettext("This thread is not here any more."))
        token = form["token"] or secrets.token_hex(12)
        written = here.composed(text, token=token, at=self._scene.clock(), thread=here.thread)
        sending = prepare(replace(written, attachments=attachments, overrides=_overrides(form["overrides"])))
        if sending.message is None and (what := what_it_forgets(text)):
            html = ask_to_forget(here, what)
            return Done(notes=(Note(kind="info", html=html, thread=here.thread, asked=text[:200]),))
        return await self._hand_over(here, sending, text)

    async def _hand_over(self, here: Surroundings, sending: Submission, text: str) -> Done:
        """Give the incoming to the bot; what is for its author alone comes back with the answer to the form."""
        incoming, asked = sending.incoming, "" if sending.message else text
        try:
            handled = await submit(self._scene, here, sending)
        except InvalidInput as error:
            return Done(notes=(_note("error", str(error), here, asked),), is_kept=sending.message is None)
        if handled.outcome is Outcome.REPLIED and handled.text:
            note = _note("info", handled.text, here, asked)
            beside = undo_button(here, handled.undo) + (picture_html(handled.picture) if handled.picture else "")
            return Done(notes=(replace(note, html=note.html + beside),))
        if handled.outcome is Outcome.ANSWERING:
            return Done(opens=_opened(here, incoming, handled.key))
        return Done(more={"unheard": not here.thread and not incoming.is_directed})

    async def _told(self, kind: str, markdown: str, here: Surroundings, pressed: Incoming) -> Done:
        """Tell somebody what came of a button."""
        await self._scene.bot.mark_answered(pressed)
        return Done(notes=(_note(kind, markdown, here),))

    # ------------------------------------------------------------ buttons

    async def _stop(self, here: Surroundings, form: Form, request: Request) -> Done:  # noqa: ARG002 - as every action
        asked = pressed(self._scene, here)
        try:
            await self._scene.bot.stop(asked.key, asked=asked)
        except InvalidInput as error:
            return await self._told("error", str(error), here, asked)
        return Done()

    async def _again(self, here: Surroundings, form: Form, request: Request) -> Done:  # noqa: ARG002 - as every action
        """Go on with the turn that last wrote an answer: only those that stand here, whatever a browser sends."""
        channel = here.channel
        message = await self._store.get_message(channel.workspace, channel.id, form["id"])
        if message is None or not message.turn or form["how"] not in set(FollowUp):
            raise InvalidInput(gettext(ANSWER_GONE))
        asked = pressed(self._scene, here)
        try:
            note = (await self._scene.bot.follow_up(message.turn, FollowUp(form["how"]), asked=asked)).text
        except InvalidInput as error:
            note = str(error)
        return await self._told("error", note, here, asked) if note else Done()

    async def _undo(self, here: Surroundings, form: Form, request: Request) -> Done:  # noqa: ARG002 - as every action
        """Carry out the command that takes a change back, as if whoever pressed had typed it."""
        command = form["command"]
        if command.partition(" ")[0] != UNDO_COMMAND:
            raise InvalidInput(gettext("This cannot be taken back."))
        asked = replace(pressed(self._scene, here), entrance=Entrance.COMMAND, text=command)
        return await self._hand_over(here, Submission(message=None, incoming=asked), command)

    async def _forget(self, here: Surroundings, form: Form, request: Request) -> Done:  # noqa: ARG002 - as every action
        """Carry out a command that deletes a conversation, once its author was asked and said yes."""
        command = f"/forget {form['what']}"
        if not what_it_forgets(command):
            raise InvalidInput(gettext("There is nothing of that kind to delete."))
        asked = replace(pressed(self._scene, here), entrance=Entrance.COMMAND, text=command)
        return await self._hand_over(here, Submission(message=None, incoming=asked), command)

    async def _delete(self, here: Surroundings, form: Form, request: Request) -> Done:
        """Delete a message of one's own, and all that was made of it; scripts have asked whether that is meant."""
        message = await self._store.get_message(here.channel.workspace, here.channel.id, form["id"])
        if message is None or message.author.id != here.visitor.person.id:
            raise InvalidInput(gettext("Only messages of your own can be deleted."))
        if not (_is_script(request) or form["sure"]):
            return Done(notes=(Note(kind="info", html=ask_to_delete(here, message), thread=here.thread),))
        await self._scene.bot.on_message_deleted(here.key, message.id)
        return Done()

    async def _edit(self, here: Surroundings, form: Form, request: Request) -> Done:  # noqa: ARG002 - as every action
        """Give a message of one's own another text; what follows from it is the bot's to see to."""
        message = await self._store.get_message(here.channel.workspace, here.channel.id, form["id"])
        if message is None or message.author.id != here.visitor.person.id or message.is_deleted:
            raise InvalidInput(gettext("Only messages of your own can be changed."))
        text = form["text"]
        if not text or len(text) > TEXT_LIMIT:
            raise InvalidInput(gettext(LENGTH).format(most=number(TEXT_LIMIT)))
        written = here.composed(text, token=message.id, at=self._scene.clock(), thread=message.thread)
        edited = replace(as_edited(message, written), posted=replace(message, text=text))
        await self._scene.bot.on_message_edited(edited, at=self._scene.clock())
        return Done()

    async def _feedback(self, here: Surroundings, form: Form, request: Request) -> Done:  # noqa: ARG002 - as every action
        """Remember whether somebody found an answer good."""
        message = await self._store.get_message(here.channel.workspace, here.channel.id, form["id"])
        if message is None or not message.turn:
            raise InvalidInput(gettext(ANSWER_GONE))
        asked, is_good = pressed(self._scene, here), form["good"] == "yes"
        told = await self._scene.bot.feedback(
            message.turn, good=is_good, asked=asked, answer=gettext(LIKED if is_good else DISLIKED)
        )
        return await self._told("info", told.text, here, asked) if told.text else Done()

    # ------------------------------------------------------------ settings

    async def _save(self, request: Request) -> Response:
        """Set parameters, and show the form as it is then."""
        here = await surroundings(self._scene, request)
        form = await read_form(request)
        here = replace(here, thread=form["thread"][:200])
        asked = replace(pressed(self._scene, here), entrance=Entrance.FORM)
        try:
            panel, told, undo = await save(self._scene.bot, here, asked, form)
        except InvalidInput as error:
            form.errors[""] = str(error)
            panel, told, undo = await read_panel(self._scene.bot, here, asked, form["scope"]), str(error), ""
        else:
            await self._scene.bot.mark_answered(asked)
        shown = present_panel(panel, form["scope"], form if form.errors else None)
        shown |= {"told": told, "undo": undo_button(here, undo)}
        return await self._pages.show(request, here, settings=shown)

    async def _copy_as(self, request: Request) -> Response:
        """Return the question of an answer as requests to the API, with the parameters that hold there."""
        here = await surroundings(self._scene, request)
        message = await self._store.get_message(here.channel.workspace, here.channel.id, here.thread)
        turn = await self._scene.bot.turn(message.turn) if message and message.turn else None
        if turn is None or turn.incoming.key.channel != here.channel.id:
            raise HTTPException(404, gettext(ANSWER_GONE))
        in_force = await self._scene.bot.get_parameters(turn.incoming.key)
        parameters = with_overrides(in_force, turn.incoming.overrides)
        found = examples(question_in(turn.incoming.text), parameters, self._scene.api)
        return JSONResponse({"examples": [{"name": item.name, "text": item.text} for item in found]})

    # ------------------------------------------------------------ people

    async def _rename(self, request: Request) -> Response:
        form = await read_form(request)
        goal = local_path(form["next"])
        trouble = rename(request, form["name"])
        if trouble and _is_script(request):
            return JSONResponse({"error": gettext(trouble)}, 400)
        if trouble:
            return RedirectResponse(f"{urlsplit(goal).path}?objection={'taken' if trouble == TAKEN else 'empty'}", 303)
        if _is_script(request):
            return JSONResponse({"name": visitor_of(request).person.name})
        return RedirectResponse(goal, 303)


def _note(kind: str, markdown: str, here: Surroundings, asked: str = "") -> Note:
    """Return what is for this person alone, the answer to something that they asked."""
    return Note(kind=kind, html=render_markdown(markdown), thread=here.thread, asked=asked[:200])


def _overrides(text: str) -> dict[str, str]:
    """Return the parameters for one answer, as canonical text by name. Raises `InvalidInput` naming what is wrong."""
    try:
        given = json.loads(text or "{}")
    except (ValueError, RecursionError):
        given = {}
    pairs = [canonical(str(name), str(value)) for name, value in given.items()] if isinstance(given, dict) else []
    return {name: value for name, value in pairs if value is not None}


def _is_script(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def _opened(here: Surroundings, incoming: Incoming, answered_in: ConversationKey | None) -> str:
    """Return the address of the thread that a question opens, "" where it is answered in the place that it is."""
    opens = incoming.is_top_level and incoming.message_id and answered_in is not None and answered_in.thread
    return place_path(here.channel.workspace, here.channel.id, incoming.key.thread) if opens else ""
