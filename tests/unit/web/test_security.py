"""Who may reach the playground."""

from __future__ import annotations

import pytest

from adapters.web.security import AccessRules, TryLimit, security_headers
from tests.fakes import ManualClock

OPEN = AccessRules(loopback=True, password=None, secret="s")
LOCKED = AccessRules(loopback=True, password="leaf", secret="s")


@pytest.mark.parametrize(
    ("rules", "host", "accepted"),
    [
        pytest.param(OPEN, "localhost:8080", True, id="localhost"),
        pytest.param(OPEN, "LOCALHOST", True, id="case"),
        pytest.param(OPEN, "[::1]:8080", True, id="ipv6"),
        pytest.param(OPEN, "rebound.example:8080", False, id="rebound"),
        pytest.param(OPEN, "", False, id="none"),
        pytest.param(OPEN, "localhost@evil.example", False, id="malformed"),
        pytest.param(LOCKED, "proxy.example", True, id="a-password-makes-it-harmless"),
        pytest.param(AccessRules(loopback=False, password="x", secret="s"), "chat.example", True, id="not-loopback"),
    ],
)
def test_host_names(rules: AccessRules, host: str, accepted: bool) -> None:
    assert rules.accepts_host(host) is accepted


@pytest.mark.parametrize(
    ("origin", "accepted"),
    [
        pytest.param(None, True, id="no-page"),
        pytest.param("http://localhost:8080", True, id="this-page"),
        pytest.param("http://localhost:9090", False, id="another-port"),
        pytest.param("https://evil.example", False, id="another-site"),
        pytest.param("null", False, id="a-sandboxed-page"),
        pytest.param("http://[", False, id="malformed"),
    ],
)
def test_origins(origin: str | None, accepted: bool) -> None:
    assert OPEN.accepts_origin(origin, "localhost:8080") is accepted


def test_a_session_is_let_in_by_the_mark_of_this_password_alone() -> None:
    assert OPEN.lets_in({})
    assert not LOCKED.lets_in({})
    assert not LOCKED.lets_in({"pass": "leaf"})
    assert LOCKED.lets_in({"pass": LOCKED.pass_mark})
    assert not LOCKED.lets_in({"pass": AccessRules(loopback=True, password="old", secret="s").pass_mark})
    assert not LOCKED.lets_in({"pass": "é"})


def test_passwords_are_compared_whole() -> None:
    assert LOCKED.is_password("leaf")
    assert not LOCKED.is_password("lea")
    assert not LOCKED.is_password("")
    assert not OPEN.is_password("")
    assert AccessRules(loopback=True, password="größe", secret="s").is_password("größe")


def test_tries_are_limited_by_address_and_altogether(clock: ManualClock) -> None:
    limit = TryLimit(clock)
    for _ in range(5):
        assert limit.allows("a")
        limit.note_failure("a")
    assert not limit.allows("a")
    assert limit.allows("b")
    for number in range(45):
        limit.note_failure(f"bot {number}")
    assert not limit.allows("b")
    clock.advance(60)
    assert limit.allows("a")


def test_inline_scripts_need_the_nonce() -> None:
    policy = security_headers("abc", "localhost:1")["Content-Security-Policy"]
    assert "script-src 'self' 'nonce-abc' 'unsafe-eval';" in policy
    assert "connect-src 'self' ws://localhost:1 wss://localhost:1;" in policy
