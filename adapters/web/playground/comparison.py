"""Ask one question with two settings, and show both answers beside each other.

Each is asked in a thread of its own in the direct conversation of who asks, so neither answer is in the context of the
other, nobody else is bothered, and either can be gone on with. They are two ordinary questions: under the same budgets,
limits and records as all others.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.web.frame import Form, page, read_form, render
from adapters.web.frame.routes import PageRoute
from adapters.web.playground.channel_access import direct_channel
from adapters.web.playground.composer import Submission, prepare
from adapters.web.playground.message_view import Json, place_path, present_message, render_ahead
from adapters.web.playground.script_words import script_words
from adapters.web.playground.settings_form import ORIGIN_WORDS, TURN, present_panel, read_panel
from adapters.web.playground.shared import (
    FORM_BYTES,
    LENGTH,
    NO_NAME,
    TEXT_LIMIT,
    Scene,
    Surroundings,
    furnished,
)
from adapters.web.playground.submit import NOT_STORED, submit
from adapters.web.playground.visitor import visitor_of
from bot.errors import InvalidInput, StorageError
from bot.language import gettext, gettext_noop, number
from bot.parameter_resolver import canonical, with_overrides
from bot.parameters import PARAMETERS, Effective
from bot.types import LOCALE, ChannelMessage, Incoming, Outcome

logger = logging.getLogger(__name__)

SIDES: Final[Mapping[str, str]] = {"first": gettext_noop("First"), "second": gettext_noop("Second")}
THE_SAME: Final = gettext_noop("Both are the same. Change a value on one side.")
A_COMMAND: Final = gettext_noop("Write a question; this is a command.")
GONE: Final = gettext_noop("This comparison is not here any more.")
READ: Final = 20
"""Messages of a thread among which the first answer is."""


class Comparisons:
    """The form of a comparison, and its two answers."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._store = scene.store

    def routes(self) -> list[PageRoute]:
        """Return their addresses."""
        return [
            page("/compare", self._show),
            page("/compare", self._ask, methods=("POST",)),
            page("/compare/{first}/{second}", self._answers),
        ]

    async def _show(self, request: Request) -> Response:
        form = Form(values={"question": request.query_params.get("question", "")[:TEXT_LIMIT]})
        return await self._form(request, await self._here(request), form)

    async def _ask(self, request: Request) -> Response:
        here, form = await self._here(request), await read_form(request, limit=FORM_BYTES)
        overrides = {side: _overrides(form, side) for side in SIDES}
        form.errors |= _objections(here, form, overrides)
        if not form.is_valid:
            return await self._form(request, here, form)
        token = form["token"] or secrets.token_hex(12)
        asked = [self._question(here, form["question"], f"{token}-{side}", overrides[side]) for side in SIDES]
        try:
            refusal = await self._submit(here, asked)
        except StorageError as error:
            logger.warning("a comparison could not be stored", extra={"error": str(error)})
            form.errors[""] = gettext(NOT_STORED)
            return await self._form(request, here, form, 503)
        if refusal:
            form = Form(values={**form.values, "token": ""}, errors={"question": refusal})  # that try was answered
            return await self._form(request, here, form)
        self._scene.hub.hear()
        first, second = (item.incoming.message_id for item in asked)
        return RedirectResponse(f"/compare/{first}/{second}", 303)

    async def _submit(self, here: Surroundings, questions: Sequence[Submission]) -> str:
        """Give questions to the bot until one is not answered; return why not, "" if all are. Raises `StorageError`."""
        for question in questions:
            try:
                handled = await submit(self._scene, here, question)
            except InvalidInput as error:
                return str(error)
            if handled.outcome is Outcome.REPLIED and handled.text:
                return handled.text
        return ""

    async def _answers(self, request: Request) -> Response:
        here = await self._here(request)
        _, position = await self._store.get_playground_positions()  # before what is read: nothing falls between
        sides = [await self._side(here, name, request.path_params[name]) for name in SIDES]
        names = {name for side in sides for name in side["overrides"]}
        for side in sides:
            side["settings"] = [_shown(side["effective"][name]) for name in PARAMETERS if name in names]
        return render(
            request,
            "playground/comparison.html",
            sides=sides,
            question=sides[0]["question"],
            is_open=any(side["is_open"] for side in sides),
            events=f"/events/{here.channel.workspace}/{here.channel.id}",
            position=position,
            script_words=script_words(),
        )

    async def _side(self, here: Surroundings, name: str, id: str) -> Json:
        channel = here.channel
        root = await self._store.get_message(channel.workspace, channel.id, id)
        if root is None or root.thread or root.is_deleted:
            raise HTTPException(404, gettext(GONE))
        answer = await self._answer(here, id)
        turn = await self._scene.bot.turn(answer.turn) if answer is not None and answer.turn else None
        overrides = turn.incoming.overrides if turn is not None else {}
        in_force = await self._scene.bot.get_parameters(replace(here.key, thread=id))
        return {
            "name": name,
            "title": gettext(SIDES[name]),
            "thread": id,
            "path": place_path(channel.workspace, channel.id, id),
            "question": root.text,
            "answer": present_message(answer) if answer is not None else None,
            "is_open": answer is None or (answer.answer is not None and answer.answer.is_open),
            "overrides": overrides,
            "effective": with_overrides(in_force, overrides),
        }

    async def _answer(self, here: Surroundings, thread: str) -> ChannelMessage | None:
        found = await self._store.get_thread(here.channel.workspace, here.channel.id, thread, limit=READ)
        answer = next((item for item in found if item.answer is not None), None)
        if answer is None:
            return None
        current = self._scene.hub.current(answer)
        await render_ahead([current])
        return current

    def _question(self, here: Surroundings, text: str, token: str, overrides: Mapping[str, str]) -> Submission:
        """Return a question as the root of a thread of its own."""
        sending = prepare(
            replace(here.composed(text, token=token, at=self._scene.clock(), thread=""), overrides=overrides)
        )
        incoming = sending.incoming
        return replace(sending, incoming=replace(incoming, key=replace(incoming.key, thread=incoming.message_id)))

    async def _here(self, request: Request) -> Surroundings:
        """Return the direct conversation of who asks."""
        visitor = visitor_of(request)
        workspaces = await furnished(self._scene, visitor)
        return Surroundings(visitor=visitor, workspaces=workspaces, channel=direct_channel(visitor.person))

    async def _form(self, request: Request, here: Surroundings, form: Form, status: int = 422) -> Response:
        asked = Incoming(
            key=here.key,
            dedupe_key="",
            author=here.visitor.person,
            text="",
            sent_at=self._scene.clock(),
            is_admin=here.visitor.is_admin,
            is_direct=True,
            platform_data={LOCALE: here.visitor.locale},
        )
        panel = await read_panel(self._scene.bot, here, asked, TURN)
        return render(
            request,
            "playground/compare.html",
            200 if form.is_valid else status,
            form=form,
            groups=present_panel(panel, TURN)["groups"],
            sides=[(side, gettext(title)) for side, title in SIDES.items()],
            limit=TEXT_LIMIT,
            token=form["token"] or secrets.token_hex(12),
            script_words=script_words(),
        )


def _overrides(form: Form, side: str) -> Mapping[str, str]:
    """Return what is filled in on one side, as canonical text by name; what is wrong goes into the form."""
    found: dict[str, str] = {}
    for name, parameter in PARAMETERS.items():
        field = f"{side}-{name}"
        if not parameter.is_for_turns or not form[field]:
            continue
        try:
            _, value = canonical(name, form[field])
        except InvalidInput as error:
            form.errors[field] = str(error)
        else:
            found |= {name: value} if value is not None else {}
    return found


def _objections(here: Surroundings, form: Form, overrides: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    """Return what is wrong with a question and its two sides."""
    first, second = overrides.values()
    text = form["question"]
    if not here.visitor.person.name:
        return {"question": gettext(NO_NAME)}
    if not text or len(text) > TEXT_LIMIT:
        return {"question": gettext(LENGTH).format(most=number(TEXT_LIMIT))}
    if text.startswith(("/", "!")):
        return {"question": gettext(A_COMMAND)}
    return {"": gettext(THE_SAME)} if first == second and form.is_valid else {}


def _shown(item: Effective) -> Mapping[str, str]:
    """Return a parameter as it stands above an answer."""
    return {
        "name": item.parameter.name.replace("_", " "),
        "value": item.parameter.format(item.value),
        "origin": "" if item.origin == TURN else gettext(ORIGIN_WORDS[item.origin]),
    }
