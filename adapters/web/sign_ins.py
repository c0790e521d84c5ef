"""Record who signed in and whose attempt was refused."""

from __future__ import annotations

import logging
from typing import Final

from starlette.requests import Request

from adapters.web.composer import PLATFORM
from adapters.web.visitors import person_in
from bot.errors import StorageError
from bot.ports import AuditStore, Clock
from bot.types import AuditRecord

logger = logging.getLogger(__name__)

SIGN_IN: Final = "sign-in"
REFUSED: Final = "refused sign-in"


class SignInLog:
    """Appends to the audit trail; where the database is away, the log has it, and nobody is kept out."""

    def __init__(self, audit: AuditStore, clock: Clock) -> None:
        self._audit = audit
        self._clock = clock

    async def note(self, action: str, what: str, request: Request) -> None:
        """Record what somebody tried by `what`, a password or a link, from their address."""
        address = request.client.host if request.client else ""
        record = AuditRecord(
            at=self._clock(),
            who=f"{PLATFORM}/{person_in(request.session) or '?'}",
            place=PLATFORM,
            action=action,
            what=what,
            after=address,
            via="web",
        )
        try:
            await self._audit.record_audit(record)
        except StorageError as error:
            logger.warning("sign-in not recorded", extra={"action": action, "address": address, "error": str(error)})
