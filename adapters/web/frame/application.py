"""Compose the pages of the web into one application."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp

from adapters.web.frame.accounts import Accounts
from adapters.web.frame.guard import ALIVE_PATH, AWAY, Guard, SecurityHeaders
from adapters.web.frame.languages import Languages
from adapters.web.frame.openid import Provider, ProviderOptions
from adapters.web.frame.page_templates import NavigationItem, Templates, tell
from adapters.web.frame.preferences import preference_routes
from adapters.web.frame.routes import PageRoute, page
from adapters.web.frame.sign_in import SignIns, SignInStore
from adapters.web.frame.sign_in_pages import SignInPages
from adapters.web.frame.static_files import StaticFiles
from adapters.web.frame.visitors import VisitorCookies
from adapters.web.roles import WebRole
from bot.errors import BotError, ConfigError, StorageError
from bot.language import gettext, gettext_noop
from bot.ports import Bot, Clock
from bot.settings import LOOPBACK_HOSTS

logger = logging.getLogger(__name__)

HOME = Path(__file__).parent
MUST_SIGN_IN = (
    "must be set, because HOST={host} lets other machines in; or add an account (seedling accounts add NAME), or set "
    "OIDC_ISSUER"
)
BROKEN = gettext_noop("Something went wrong. The details are in Seedling's log.")
NOT_DONE = gettext_noop("That did not work")

FrameStore = SignInStore


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPart:
    """Part of the web: its room, links and filters of templates, and its pages once there is a frame."""

    room: Path
    routes: Callable[[Frame, Bot], Sequence[PageRoute]]
    navigation: Sequence[NavigationItem] = ()
    filters: Mapping[str, Callable[..., object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameOptions:
    """Options of the web; `secret` signs cookies.

    On a loopback `host`, nobody has to sign in where there is neither a password nor a provider nor an account.
    """

    host: str
    password: str | None = field(default=None, repr=False)
    secret: str = field(repr=False)
    provider: ProviderOptions | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Frame that all pages share; `is_open` lets everybody on this machine in without a sign-in."""

    sign_ins: SignIns
    accounts: Accounts
    openid: Provider | None
    templates: Templates
    files: StaticFiles
    is_open: bool


async def make_frame(
    options: FrameOptions,
    store: FrameStore,
    clock: Clock,
    *,
    rooms: Sequence[Path] = (),
    parts: Sequence[WebPart] = (),
) -> Frame:
    """Return the frame of the pages in `rooms` and of `parts`, whose templates and files are read here.

    Raises `ConfigError` where other machines would get in without signing in.
    """
    accounts = Accounts(store)
    is_open = not await need_sign_in(options, accounts)
    folders = [HOME, *rooms, *(part.room for part in parts)]
    navigation = [item for part in parts for item in part.navigation]
    filters = {name: function for part in parts for name, function in part.filters.items()}
    files = await asyncio.to_thread(StaticFiles, folders)
    return Frame(
        sign_ins=SignIns(store, clock, password=options.password, secret=options.secret),
        templates=await asyncio.to_thread(Templates, folders, files, navigation, filters),
        files=files,
        accounts=accounts,
        openid=_openid(options.provider, accounts) if options.provider is not None else None,
        is_open=is_open,
    )


def _openid(options: ProviderOptions, accounts: Accounts) -> Provider:
    from adapters.web.frame.openid_client import OpenId  # noqa: PLC0415 - a tenth of a start, and few sign in so

    return OpenId(options, accounts)


async def need_sign_in(options: FrameOptions, accounts: Accounts) -> bool:
    """Return whether people have to sign in. Raises `ConfigError` where they would and have nothing to do it with."""
    if options.password is not None or options.provider is not None or await accounts.list():
        return True
    if options.host not in LOOPBACK_HOSTS:
        raise ConfigError("CONSOLE_PASSWORD", MUST_SIGN_IN.format(host=options.host))
    return False


def frame_app(routes: Sequence[PageRoute], frame: Frame) -> ASGIApp:
    """Return the application of these pages and those of the frame, behind the guard."""
    sign_in = SignInPages(frame.sign_ins, frame.accounts, frame.openid)
    alive = page(ALIVE_PATH, _alive, needs=WebRole.STRANGER)
    every = [*routes, *sign_in.routes(), *preference_routes(), frame.files.route(), alive]
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
            ClientDisconnect: _left,
            Exception: _bug,
        },
    )
    app.router.redirect_slashes = False
    return SecurityHeaders(Languages(app))


async def _alive(_request: Request) -> Response:
    """Say that this port answers, for who watches it or shares out requests; what is behind it /readyz tells."""
    return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})


async def _http_error(request: Request, error: HTTPException) -> Response:
    return tell(request, error.status_code, gettext(NOT_DONE), str(error.detail))


async def _storage_error(request: Request, error: Exception) -> Response:
    logger.warning("page not shown, the database is away", extra={"path": request.url.path, "error": str(error)})
    return tell(request, 503, gettext("The database is away"), gettext(AWAY), Retry_After="5")


async def _bot_error(request: Request, error: Exception) -> Response:
    return tell(request, 502, gettext(NOT_DONE), str(error))


async def _left(_request: Request, _error: Exception) -> Response:
    """Answer a browser that went away while it sent something: nobody hears it, and nothing is wrong here."""
    return Response(status_code=400)


async def _bug(request: Request, _error: Exception) -> Response:
    return tell(request, 500, gettext(NOT_DONE), gettext(BROKEN))
