"""What the emulator can be told at its start."""

from __future__ import annotations

from dataclasses import dataclass

TOKEN = "emulated-bot-token"  # long enough to be searched for in logs


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options of the emulator.

    `public` and `user_install`: who may add the application (resources/application).
    `message_content`, `members`, `presences`: which privileged intents the portal has switched on; asking for another
    closes the gateway with 4014. `compress`: give a client the zlib stream that it asks for. `heartbeat_s`: what HELLO
    asks for. `shards`, `max_concurrency`: what `/gateway/bot` recommends. `identify_interval_s`: the time in which one
    identify per concurrency key is let in. `limits`: whether rate limits hold; `limit_scale` stretches their windows.
    `validate`: hold requests and frames against the specifications beside the project. `guilds`: how many guilds
    there are at the start, each with one text channel. `resume_events`: how many events a session keeps for RESUME.
    `invalid_requests`: how many 401, 403 and 429 in ten minutes end in a ban of the address.
    `old_edits`: how many edits per hour a message may have that is older than an hour.
    """

    token: str = TOKEN
    message_content: bool = True
    public: bool = True
    user_install: bool = True
    members: bool = False
    presences: bool = False
    compress: bool = True
    heartbeat_s: float = 41.25  # what Discord sends
    shards: int = 1
    max_concurrency: int = 1
    identify_interval_s: float = 5.0  # platform reference, 2.7
    limits: bool = True
    limit_scale: float = 1.0
    validate: bool = True
    guilds: int = 0
    resume_events: int = 10_000
    keep_requests: int = 5_000
    invalid_requests: int = 10_000  # platform reference, 2.5
    old_edits: int = 30
