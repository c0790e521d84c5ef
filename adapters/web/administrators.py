"""Issue and redeem the one-time link that makes somebody administrator, in any web process and once."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from adapters.web.composer import PLATFORM
from bot.one_time_secrets import OneTimeSecrets
from bot.ports import AdapterStateStore, Clock

LINK_LIFETIME: Final = timedelta(minutes=15)


class OneTimeLinks(OneTimeSecrets):
    """The secrets of links that are open."""

    def __init__(self, state: AdapterStateStore, clock: Clock) -> None:
        super().__init__(state, clock, platform=PLATFORM, prefix="administrator-link/", lifetime=LINK_LIFETIME)
