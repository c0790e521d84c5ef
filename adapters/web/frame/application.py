"""Compose the pages of the web into one application."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from adapters.web.frame.guard import AWAY, Guard, SecurityHeaders
from adapters.web.frame.rendering import NavigationItem, Templates, tell
from adapters.web.frame.routing import PageRoute
from adapters.web.frame.sign_in import SignIns, SignInStore
from adapters.web.frame.sign_in_pages import SignInPages
from adapters.web.frame.static_files import StaticFiles
from adapters.web.frame.visitors import VisitorCookies
from bot.errors import BotError, StorageError
from bot.ports import Clock

logger = logging.getLogger(__name__)

HOME = Path(__file__).parent
BROKEN = "Something went wrong. The details are in Seedling's log."

FrameStore = SignInStore


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameOptions:
    """Options of the web; `secret` signs cookies. On `loopback` without a `password` nobody has to sign in."""

    loopback: bool
    password: str | None = field(default=None, repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What all pages share; `is_open` lets people in without a sign-in, `only_loopback` refuses other host names."""

    sign_ins: SignIns
    templates: Templates
    files: StaticFiles
    is_open: bool
    only_loopback: bool


async def make_frame(
    options: FrameOptions,
    store: FrameStore,
    clock: Clock,
    *,
    rooms: Sequence[Path] = (),
    navigation: Sequence[NavigationItem] = (),
) -> Frame:
    """Return the frame of the pages in `rooms`, whose templates and files are read here."""
    files = await asyncio.to_thread(StaticFiles, [HOME, *rooms])
    return Frame(
        sign_ins=SignIns(store, clock, password=options.password, secret=options.secret),
        templates=await asyncio.to_thread(Templates, [HOME, *rooms], files, navigation),
        files=files,
        is_open=options.loopback and options.password is None,
        only_loopback=options.loopback and options.password is None,
    )


def frame_app(routes: Sequence[PageRoute], frame: Frame) -> ASGIApp:
    """Return the application of these pages and those of the frame, behind the guard."""
    every = [*routes, *SignInPages(frame.sign_ins).routes(), frame.files.route()]
    secret = frame.sign_ins.cookie_secret
    app = Starlette(
        routes=every,
        middleware=[
            Middleware(GZipMiddleware, minimum_size=1000),
            Middleware(VisitorCookies, secret=secret),
            Middleware(Guard, frame=frame, routes=every),
        ],
        exception_handlers={
            HTTPException: _http_error,  # type: ignore[dict-item]  # Starlette calls each with errors of its kind
            StorageError: _storage_error,
            BotError: _bot_error,
            Exception: _bug,
        },
    )
    app.router.redirect_slashes = False
    return SecurityHeaders(app)


async def _http_error(request: Request, error: HTTPException) -> Response:
    return tell(request, error.status_code, "That did not work", str(error.detail))


async def _storage_error(request: Request, error: Exception) -> Response:
    logger.warning("page not shown, the database is away", extra={"path": request.url.path, "error": str(error)})
    return tell(request, 503, "The database is away", AWAY, Retry_After="5")


async def _bot_error(request: Request, error: Exception) -> Response:
    return tell(request, 502, "That did not work", str(error))


async def _bug(request: Request, _error: Exception) -> Response:
    return tell(request, 500, "That did not work", BROKEN)
