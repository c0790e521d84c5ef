"""What every page of the web shares: the base template, sign-in, checks of requests, style, and small helpers.

A page is a function, a template and a line in a list of routes:

    async def overview(request: Request) -> Response:
        return render(request, "console/overview.html", spent=await ...)

    routes = [page("/console", overview, needs=WebRole.VIEWER)]

    frame = await make_frame(options, store, clock, rooms=[Path(__file__).parent])
    app = frame_app(routes, frame)

- `page` names the address, its methods and the least `WebRole` that may come; nothing is open that does not say
  `needs=WebRole.STRANGER`. Strangers are asked to sign in and come back to the address that they wanted; an unknown
  address is 404, another method 405, a role that does not suffice 403, before the function runs.
- A room is a folder with `templates/` and `static/`. Its templates are named "<folder>/<file>" and begin with
  `{% extends "frame/base.html" %}`; its files are `{{ static("<folder>/<file>") }}`, whose address has a hash of all
  files in it and is kept by browsers for good. ES modules import each other by relative paths. There are no inline
  scripts and styles: the content security policy forbids both, `style=` attributes too.
- `identity_of(request)` is who asks: `person`, `role`, and how they signed in. Their theme is a cookie.
- Forms are posted to their own address, have `{{ csrf() }}` in them and are read with `read_form`, which checks it;
  what is wrong goes into `Form.errors` by field and is shown with the macro `field` of "frame/forms.html". Scripts send
  the token of `<meta name="csrf">` in the header `X-CSRF-Token`, which `check_csrf` checks.
- A `StorageError` becomes a page that says that the database is away; a `BotError` of another kind says its sentence.
- A response with the media type `text/event-stream` is neither compressed nor held back.
"""

from adapters.web.frame.application import Frame, FrameOptions, FrameStore, WebPart, frame_app, make_frame
from adapters.web.frame.forms import Form, check_csrf, read_form
from adapters.web.frame.identity import Identity, identity_of
from adapters.web.frame.page_templates import NavigationItem, render
from adapters.web.frame.routes import page
from adapters.web.roles import WebRole

__all__ = [
    "Form",
    "Frame",
    "FrameOptions",
    "FrameStore",
    "Identity",
    "NavigationItem",
    "WebPart",
    "WebRole",
    "check_csrf",
    "frame_app",
    "identity_of",
    "make_frame",
    "page",
    "read_form",
    "render",
]
