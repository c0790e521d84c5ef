"""Sign in by OpenID Connect: the provider says who somebody is, an account says what they may."""

from __future__ import annotations

import logging
from typing import Any, Final

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import OAuth
from joserfc.errors import JoseError
from starlette.requests import Request
from starlette.responses import Response

from adapters.web.frame.accounts import Accounts, plain_account
from adapters.web.frame.openid import CALLBACK_PATH, OPENID, ProviderOptions
from adapters.web.frame.origins import is_encrypted
from adapters.web.frame.sign_in import Proven
from adapters.web.frame.visitors import plain_name
from adapters.web.roles import WebRole
from bot.types import Person

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS: Final = 10.0
SCOPE: Final = "openid email profile"


class OpenId:
    """One provider, asked with PKCE.

    Authlib checks what comes back: state, nonce, signature, issuer, audience, expiry.
    """

    def __init__(self, options: ProviderOptions, accounts: Accounts) -> None:
        self._options = options
        self._accounts = accounts
        self._oauth = OAuth()
        self._oauth.register(
            "provider",
            client_id=options.client_id,
            client_secret=options.client_secret,
            server_metadata_url=f"{options.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={"scope": SCOPE, "code_challenge_method": "S256", "timeout": TIMEOUT_SECONDS},
        )

    async def send_there(self, request: Request) -> Response | None:
        """Return the way to the provider; None where it does not answer."""
        scheme = "https" if is_encrypted(request.scope) else "http"
        back = f"{scheme}://{request.headers['host']}{CALLBACK_PATH}"
        try:
            response: Response = await self._oauth.provider.authorize_redirect(request, back)
        except (httpx2.HTTPError, ValueError, RuntimeError) as error:
            logger.warning("the OpenID Connect provider cannot be asked", extra={"error": type(error).__name__})
            return None
        return response

    async def prove(self, request: Request) -> tuple[Proven | None, str]:
        """Return who comes back from the provider, and the name that they are known by there ("" for nobody)."""
        try:
            token: dict[str, Any] = await self._oauth.provider.authorize_access_token(request)
        except (OAuthError, JoseError, httpx2.HTTPError, ValueError, RuntimeError, KeyError) as error:
            logger.warning("OpenID Connect sign-in refused", extra={"error": type(error).__name__})
            return None, ""
        claims: dict[str, Any] = dict(token.get("userinfo") or {})
        return await self._known(claims), str(claims.get("email") or claims.get("sub") or "")

    async def _known(self, claims: dict[str, Any]) -> Proven | None:
        """Return what somebody may do: as their account says, which is named by an email address that was verified."""
        email = plain_account(str(claims.get("email") or ""))
        subject = str(claims.get("sub") or "")
        account = await self._accounts.find(email) if email and claims.get("email_verified") is True else None
        role = account.role if account is not None else self._options.default_role
        if role is WebRole.STRANGER or not subject:
            return None
        name = plain_name(str(claims.get("name") or claims.get("preferred_username") or email or subject))
        id = account.name if account is not None else f"openid-{subject}"
        return Proven(person=Person(id=id, name=name), role=role, method=OPENID, account=id)
