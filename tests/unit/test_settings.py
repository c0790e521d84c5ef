"""Settings: one clear line for what is wrong, and no secret in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.settings import SEED_BASE_URL, Settings, load_settings

ROOT = Path(__file__).parents[2]


def load(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return load_settings(env_file=None)


def test_nothing_needs_to_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch)
    assert settings.uses_local_model
    assert settings.is_loopback
    assert settings.model_url == SEED_BASE_URL


@pytest.mark.parametrize("variable", ["SEED_API_KEY", "SEED_BASE_URL"])
def test_a_key_or_another_server_switches_the_local_model_off(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    settings = load(monkeypatch, **{variable: "http://127.0.0.1:1/v1"})
    assert not settings.uses_local_model


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        pytest.param("PORT", "eighty", id="not-a-number"),
        pytest.param("PORT", "70000", id="no-such-port"),
        pytest.param("SEED_WIRE", "telegraph", id="no-such-wire"),
        pytest.param("SEED_CONTEXT_TOKENS", "8k", id="no-number-of-tokens"),
        pytest.param("SEED_CONTEXT_TOKENS", "-8192", id="fewer-than-none"),
        pytest.param("SEED_CONTEXT_TOKENS", "17", id="too-few-for-any-question"),
        pytest.param("SEED_BASE_URL", "api.example", id="not-a-url"),
        pytest.param("DISCORD_GATEWAY_URL", "https://example", id="not-a-websocket"),
        pytest.param("DATABASE_URL", "mysql://root:hunter2@db", id="another-database"),
    ],
)
def test_a_malformed_setting_is_named_with_its_fix_and_without_its_value(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(monkeypatch, **{variable: value})
    assert caught.value.variable == variable
    assert value not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(Settings.model_fields[variable.lower()].description) in str(caught.value)


def test_other_machines_are_let_in_with_a_password_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"CONSOLE_PASSWORD.*HOST=0\.0\.0\.0"):
        load(monkeypatch, HOST="0.0.0.0")
    assert not load(monkeypatch, HOST="0.0.0.0", CONSOLE_PASSWORD="secret").is_loopback


def test_secrets_stay_out_of_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, SEED_API_KEY="sk-hidden", CONSOLE_PASSWORD="hidden-too")
    assert "hidden" not in repr(settings)
    assert "hidden" not in str(settings)


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch, PORT="", SEED_API_KEY="").port == 8080


def test_settings_come_from_a_file_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    load(monkeypatch)
    file = tmp_path / ".env"
    file.write_text("PORT=1234\nUNKNOWN=1\n")
    assert load_settings(env_file=file).port == 1234
    file.write_bytes(b"PORT=\xff\xfe")
    with pytest.raises(ConfigError, match="not a UTF-8 text file"):
        load_settings(env_file=file)


def test_the_example_file_explains_every_setting_and_none_that_is_gone() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    named = {line.lstrip("#").partition("=")[0].lower() for line in lines if line.startswith("#") and "=" in line}
    assert named == set(Settings.model_fields)
