"""The page that asks for the password."""

from __future__ import annotations

import html
from urllib.parse import parse_qs

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from adapters.web.security import LOGIN_PATH, AccessRules, TryLimit

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
<form method="post" action="/login">
<label for="password">Password of this playground</label>
<input id="password" name="password" type="password" autocomplete="current-password" required autofocus{invalid}>
<p id="error" role="alert">{error}</p>
<button type="submit">Sign in</button>
</form>
</main>
</body>
</html>
"""


def add_login(app: FastAPI, *, rules: AccessRules, limit: TryLimit) -> None:
    """Add the login page to `app`; a session that gives the password carries the pass mark from then on."""

    async def show(request: Request) -> Response:
        return RedirectResponse("/", 303) if rules.lets_in(request.session) else _page()

    async def enter(request: Request) -> Response:
        address = request.client.host if request.client else ""
        if not limit.allows(address):
            return _page("Too many tries. Wait a minute.", status=429)
        if not rules.is_password(await _password(request)):
            limit.note_failure(address)
            return _page("That is not the password.", status=403)
        request.session.clear()
        request.session["pass"] = rules.pass_mark
        return RedirectResponse("/", 303)

    app.add_route(LOGIN_PATH, show, methods=["GET"])
    app.add_route(LOGIN_PATH, enter, methods=["POST"])


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
    return HTMLResponse(_PAGE.format(error=html.escape(error), invalid=invalid), status)
