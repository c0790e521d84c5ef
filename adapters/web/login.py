"""Sign people in: the password page, and the administrator's one-time link."""

from __future__ import annotations

import html
import logging
from urllib.parse import parse_qs

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from adapters.web.administrators import OneTimeLinks
from adapters.web.routes import LINK_PATH, LOGIN_PATH
from adapters.web.security import AccessRules, TryLimit
from adapters.web.sign_ins import REFUSED, SIGN_IN, SignInLog
from bot.errors import StorageError

logger = logging.getLogger(__name__)

BODY_LIMIT = 4096

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Seedling</title>
<link rel="icon" href="/assets/icon.svg"><link rel="stylesheet" href="/assets/base.css">
<link rel="stylesheet" href="/assets/login.css">
</head>
<body class="login">
<main>
<img src="/assets/icon.svg" alt="" width="48" height="48">
<h1>Seedling</h1>
{content}
</main>
</body>
</html>
"""
_FORM = """<form method="post" action="/login">
<label for="password">Password of this playground</label>
<input id="password" name="password" type="password" autocomplete="current-password" required autofocus{invalid}>
<p id="error" role="alert">{error}</p>
<button type="submit">Sign in</button>
</form>"""
_TOLD = """<p role="alert">{text}</p>
<p><a href="/">Open the playground</a></p>"""

LINK_OVER = "This link was used already, or is too old. Start Seedling again: it prints a new one."
TOO_MANY = "Too many attempts. Wait a minute."
AWAY = "The database cannot be reached. Try again in a moment."


def add_login(app: FastAPI, *, rules: AccessRules, limit: TryLimit, log: SignInLog) -> None:
    """Add the login page to `app`; a session that gives the password carries the pass mark from then on."""

    async def show(request: Request) -> Response:
        return RedirectResponse("/", 303) if rules.lets_in(request.session) else _page()

    async def enter(request: Request) -> Response:
        address = request.client.host if request.client else ""
        if not limit.allows(address):
            return _page(TOO_MANY, status=429)
        if not rules.is_password(await _password(request)):
            limit.note_failure(address)
            await log.note(REFUSED, "password", request)
            return _page("That is not the password.", status=403)
        request.session["pass"] = rules.pass_mark
        await log.note(SIGN_IN, "password", request)
        return RedirectResponse("/", 303)

    app.add_route(LOGIN_PATH, show, methods=["GET"])
    app.add_route(LOGIN_PATH, enter, methods=["POST"])


def add_administrator_link(
    app: FastAPI, *, rules: AccessRules, limit: TryLimit, links: OneTimeLinks, log: SignInLog
) -> None:
    """Add the address of one-time links to `app`: who opens one is administrator, and needs no password."""

    async def open_link(request: Request) -> Response:
        address = request.client.host if request.client else ""
        if not limit.allows(address):
            return _told(TOO_MANY, status=429)
        try:
            is_good = await links.use_up(request.path_params["secret"])
        except StorageError:
            logger.warning("one-time link not looked up", exc_info=True)
            return _told(AWAY, status=503)
        if not is_good:
            limit.note_failure(address)
            await log.note(REFUSED, "administrator link", request)
            logger.warning("one-time link refused", extra={"address": address})
            return _told(LINK_OVER, status=403)
        request.session.update({"pass": rules.pass_mark, "administrator": rules.administrator_mark})
        await log.note(SIGN_IN, "administrator link", request)
        logger.info("somebody became administrator of the playground", extra={"address": address})
        return RedirectResponse("/", 303)

    app.add_route(f"{LINK_PATH}/{{secret}}", open_link, methods=["GET"])


async def _password(request: Request) -> str:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_LIMIT:
            return ""
    fields = parse_qs(body.decode(errors="replace"), keep_blank_values=True)
    return fields.get("password", [""])[0]


def _page(error: str = "", *, status: int = 200) -> HTMLResponse:
    invalid = ' aria-invalid="true" aria-describedby="error"' if error else ""
    return HTMLResponse(_PAGE.format(content=_FORM.format(error=html.escape(error), invalid=invalid)), status)


def _told(text: str, *, status: int) -> HTMLResponse:
    return HTMLResponse(_PAGE.format(content=_TOLD.format(text=html.escape(text))), status)
