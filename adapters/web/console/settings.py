"""Every parameter at every scope: what holds, why, who may change it; and the digests of a channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.web.console.budgets import MEANWHILE
from adapters.web.console.display_names import Names, names_for, place_text, read_place
from adapters.web.console.operations import Console
from adapters.web.frame import Form, WebRole, identity_of, page, read_form, render
from adapters.web.frame.routes import PageRoute
from bot.access.roles import HOLDERS, ScopeKind
from bot.chat.settings_panel import choices_of
from bot.context.system_prompt import known_place, system_prompt
from bot.errors import ChangedMeanwhile, InvalidInput
from bot.language import gettext, gettext_noop, listed
from bot.parameter_resolver import effective_at, scopes_of
from bot.parameters import PARAMETERS, Effective, Parameter, Scope
from bot.summary.digests import next_time
from bot.time_zones import find_zone
from bot.turns.effects import Change, PauseDigest, RemoveDigest
from bot.types import ConversationKey, Dimension, Outcome, Schedule

PLACES: Final = 200
EVERYBODY: Final = gettext_noop("everybody there")
PERSONA: Final = "persona"
NOT_A_PLACE: Final = gettext_noop("Choose a place, or write PLATFORM/WORKSPACE[/CHANNEL[/THREAD]], as the log does.")
WHERE: Final[Mapping[ScopeKind, str]] = {
    "default": gettext_noop("the default"),
    "workspace": gettext_noop("the workspace"),
    "channel": gettext_noop("the channel"),
    "conversation": gettext_noop("the thread"),
    "turn": gettext_noop("one answer"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A parameter at a place: what holds, what is set at each scope from the widest on, and at this very one."""

    effective: Effective
    set_at: Sequence[tuple[str, str]]
    own: str
    holders: str

    @property
    def parameter(self) -> Parameter:
        """The parameter itself."""
        return self.effective.parameter

    @property
    def value(self) -> str:
        """Return the value in force as text."""
        return self.parameter.format(self.effective.value)

    @property
    def choices(self) -> Sequence[str]:
        """Return the values that it is chosen from; none for what is typed."""
        return choices_of(self.parameter)

    @property
    def why(self) -> str:
        """Return why this value holds, in a sentence."""
        if not self.set_at:
            return gettext("Nothing is set here or above, so the default holds.")
        *overruled, (where, _) = self.set_at
        if not overruled:
            return gettext("It is set for {scope}.").format(scope=where)
        one = gettext("“{value}” for {scope}")
        others = listed([one.format(value=value, scope=scope) for scope, value in overruled])
        return gettext("It is set for {scope}, which overrules {others}.").format(scope=where, others=others)


class SettingPages:
    """The settings of one place."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def routes(self) -> list[PageRoute]:
        """Return their addresses."""
        return [
            page("/console/settings", self._show, needs=WebRole.VIEWER),
            page("/console/settings", self._save, methods=("POST",), needs=WebRole.OPERATOR),
            page("/console/settings/digests", self._change_digest, methods=("POST",), needs=WebRole.OPERATOR),
        ]

    async def _show(self, request: Request) -> Response:
        form = Form(values={"place": request.query_params.get("place", "")})
        try:
            key = _place(form)
        except InvalidInput as error:
            form.errors["place"] = str(error)
            key = read_place("")
        return await self._page(request, key, form)

    async def _save(self, request: Request) -> Response:
        form = await read_form(request)
        name = form["name"]
        try:
            key = _place(form)
        except InvalidInput:
            key = read_place("")
        if not key.workspace or name not in PARAMETERS:
            form.errors["place"] = gettext(NOT_A_PLACE)
            return await self._page(request, read_place(""), form)
        if form["value"] != form["before"]:
            await self._set(request, key, form)
        if form.is_valid:
            return RedirectResponse(str(request.url.include_query_params(place=form["place"])) + f"#{name}", 303)
        return await self._page(request, key, form)

    async def _change_digest(self, request: Request) -> Response:
        """Pause a digest of a channel, let it go on, or remove it."""
        form = await read_form(request)
        place = form["place"]
        try:
            key = replace(_place(form), thread="")
        except InvalidInput:
            key = read_place("")
        found = [item for item in await self._console.store.get_schedules(key) if str(item.id) == form["id"]]
        for item in found if key.channel else ():
            await self._console.change(request, _digest_change(item, form["action"], self._console.clock()), key)
        return RedirectResponse(f"/console/settings?{urlencode({'place': place})}#digests", 303)

    async def _set(self, request: Request, key: ConversationKey, form: Form) -> None:
        """Set a value through the same door as every form; what is wrong goes into the form."""
        name, scope, asked = form["name"], _scope_of(key), self._console.asked(request, key)
        before = {name: form["before"] or None}
        try:
            handled = await self._console.bot.set_parameters(
                scope, {name: form["value"] or None}, asked=asked, expected=before
            )
            await self._console.bot.mark_answered(asked)
        except ChangedMeanwhile:
            now = (await self._console.store.get_settings([scope]))[scope].get(name)
            form.errors[name] = gettext(MEANWHILE).format(
                now=now or gettext("not set"), before=form["before"] or gettext("not set")
            )
        except InvalidInput as error:
            form.errors[name] = str(error)
        else:
            if handled.outcome is not Outcome.REPLIED:
                form.errors[name] = gettext("That was not done. Try again.")

    async def _page(self, request: Request, key: ConversationKey, form: Form) -> Response:
        rows = await self._rows(key)
        told = ""
        if key.channel and identity_of(request).may(WebRole.OPERATOR):
            persona = next(row.effective.value for row in rows if row.parameter.name == PERSONA)
            told = system_prompt(str(persona or ""), place=await known_place(self._console.store, key))
        names, places = await self._known()
        digests: Sequence[Schedule] = ()
        if key.channel:
            digests = await self._console.store.get_schedules(replace(key, thread=""))
        return render(
            request,
            "console/settings.html",
            200 if form.is_valid else 422,
            form=form,
            key=key,
            place=place_text(key),
            place_name=names.place(place_text(replace(key, thread=""))) if key.workspace else "",
            scope=gettext(WHERE[_scope_of(key).kind]) if key.workspace else "",
            rows=rows,
            places=places,
            names=names,
            digests=digests,
            prompt=told,
        )

    async def _rows(self, key: ConversationKey) -> Sequence[Row]:
        store = self._console.store
        scopes = scopes_of(key)[: _depth(key)]
        stored = await store.get_settings(scopes)
        effective = await effective_at(key, store)
        rows = []
        for name, item in effective.items():
            set_at = [(gettext(WHERE[scope.kind]), stored[scope][name]) for scope in scopes if name in stored[scope]]
            own = stored[scopes[-1]].get(name, "") if scopes else ""
            roles = item.parameter.roles
            needed = max(roles.values()) if not scopes else roles.get(scopes[-1].kind)
            holders = gettext(HOLDERS[needed] if needed is not None else EVERYBODY)
            rows.append(Row(effective=item, set_at=set_at, own=own, holders=holders))
        return rows

    async def _known(self) -> tuple[Names, Sequence[str]]:
        """Return the places where something was asked lately, and those of the playground, with their names."""
        store = self._console.store
        keys = set(await store.recent_keys(Dimension.CHANNEL, limit=PLACES))
        for workspace in await store.get_workspaces():
            keys |= {f"local/{workspace.id}/{channel.id}" for channel in await store.get_channels(workspace.id)}
        every = keys | {key.rpartition("/")[0] for key in keys}
        names = await names_for(store, places=every)
        return names, sorted(every)


def _digest_change(item: Schedule, action: str, now: datetime) -> Change[None]:
    if action == "remove":
        return RemoveDigest(id=item.id)
    next_at = next_time(item.at, item.weekday, find_zone(item.time_zone), after=now)
    return PauseDigest(id=item.id, paused=action == "pause", next_at=next_at)


def _place(form: Form) -> ConversationKey:
    """Return the place that a form is about, or none. Raises `InvalidInput` for what holds no settings."""
    key = read_place(form["place"])
    if form["place"] and not key.workspace:
        raise InvalidInput(gettext(NOT_A_PLACE))
    return key


def _depth(key: ConversationKey) -> int:
    return sum(1 for part in (key.workspace, key.channel, key.thread) if part)


def _scope_of(key: ConversationKey) -> Scope:
    """Return the scope that a place itself is."""
    return scopes_of(key)[_depth(key) - 1]
