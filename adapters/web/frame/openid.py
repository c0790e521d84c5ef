"""What OpenID Connect is called and set up by; the libraries that speak it are loaded where it is set up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Protocol

from starlette.requests import Request
from starlette.responses import Response

from adapters.web.frame.sign_in import Proven
from adapters.web.roles import WebRole

OPENID: Final = "OpenID Connect"
OPENID_PATH: Final = "/sign-in/openid"
CALLBACK_PATH: Final = f"{OPENID_PATH}/callback"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderOptions:
    """A provider: its address, who we are to it, and the role of people who have no account (`STRANGER`: none)."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    default_role: WebRole = WebRole.STRANGER


class Provider(Protocol):
    """A service that says who somebody is."""

    async def send_there(self, request: Request) -> Response | None:
        """Return the way to the provider; None where it does not answer."""
        ...

    async def prove(self, request: Request) -> tuple[Proven | None, str]:
        """Return who comes back from the provider, and the name that they are known by there ("" for nobody)."""
        ...
