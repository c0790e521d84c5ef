"""Render pages from templates; everything that stands in them is escaped, and every one knows who reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from adapters.web.frame.identity import identity_of
from adapters.web.frame.static_files import StaticFiles
from adapters.web.roles import WebRole
from bot.language import day, gettext, language, language_name, languages, ngettext, number, quantity, told

CSRF_FIELD: Final = "csrf"
THEMES: Final = ("system", "light", "dark")
THEME_COOKIE: Final = "seedling_theme"


@dataclass(frozen=True, slots=True, kw_only=True)
class NavigationItem:
    """A link to a part of the web, for those whose role suffices."""

    title: str
    path: str
    needs: WebRole = WebRole.MEMBER


class Templates:
    """The templates of all rooms, read once."""

    def __init__(
        self,
        rooms: Sequence[Path],
        files: StaticFiles,
        navigation: Sequence[NavigationItem],
        filters: Mapping[str, Callable[..., object]],
    ) -> None:
        self.environment = Environment(
            loader=PrefixLoader({room.name: FileSystemLoader(room / "templates") for room in rooms}),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
            extensions=["jinja2.ext.i18n"],
        )
        # The classic style, whose sentences have {names} as everywhere else: `_("Hello {name}").format(name=...)`.
        self.environment.install_gettext_callables(gettext, ngettext, newstyle=False)  # type: ignore[attr-defined]  # by the extension
        self.environment.globals |= {"language": language, "languages": languages, "language_name": language_name}
        self.environment.filters |= {"number": number, "quantity": quantity, "day": day, "coded": coded, "told": told}
        self.environment.globals["static"] = files.address
        self.environment.filters |= filters
        self._navigation = navigation
        for name in self.environment.list_templates(extensions=("html",)):
            self.environment.get_template(name)

    def html(self, request: Request, name: str, **values: Any) -> str:
        """Return one page."""
        identity = identity_of(request)
        shared = {
            "identity": identity,
            "role": WebRole,
            "theme": theme_of(request),
            "path": request.url.path,
            "navigation": [item for item in self._navigation if identity.may(item.needs)],
            "csrf": lambda: Markup('<input type="hidden" name="{}" value="{}">').format(CSRF_FIELD, identity.csrf),
        }
        return self.environment.get_template(name).render(shared | values)


def coded(text: str) -> Markup:
    """Return a sentence of ours with what stands between backticks as code, and everything escaped."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # one of them was said by somebody
        return escape(text)
    code = Markup("<code>{}</code>")
    return Markup("").join(code.format(part) if place % 2 else part for place, part in enumerate(parts))


def theme_of(request: Request) -> str:
    """Return the theme that somebody chose in this browser."""
    theme = request.cookies.get(THEME_COOKIE, "")
    return theme if theme in THEMES else "system"


def render(request: Request, name: str, status: int = 200, **values: Any) -> Response:
    """Return the response with a page; browsers keep no copy, since it is for this person at this moment."""
    templates: Templates = request.scope["frame"].templates
    return HTMLResponse(templates.html(request, name, **values), status, {"Cache-Control": "no-store"})


def tell(request: Request, status: int, title: str, text: str, **headers: str) -> Response:
    """Return a page that says why there is nothing else, as plain text for what is no browser.

    Of what is away for a moment it looks by itself whether it is back; who asks is not known then.
    """
    if "html" not in request.headers.get("accept", ""):
        response: Response = PlainTextResponse(f"{text}\n", status)
    else:
        is_away = status == 503
        again = is_away and request.method in ("GET", "HEAD")
        response = render(request, "frame/told.html", status, title=title, text=text, is_away=is_away, again=again)
    for header, value in headers.items():
        response.headers[header.replace("_", "-")] = value
    return response
