"""Settings: one clear line for what is wrong, and no secret in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from bot.app.platform_registry import load_specs
from bot.errors import ConfigError
from bot.settings import SEED_BASE_URL, PlatformSettings, Settings, load_platform_settings, load_settings, plain

ROOT = Path(__file__).parents[2]
PLATFORMS = {spec.name: spec.settings for spec in load_specs()}
EVERY_KIND: tuple[type[BaseSettings], ...] = (Settings, *PLATFORMS.values())
DESCRIPTIONS = {name: field.description for kind in EVERY_KIND for name, field in kind.model_fields.items()}


def set_only(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name in DESCRIPTIONS:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(f"{name}_FILE".upper(), raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def load(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    set_only(monkeypatch, **variables)
    return load_settings(env_file=None)


def load_all(monkeypatch: pytest.MonkeyPatch, **variables: str) -> dict[str, PlatformSettings]:
    """The settings of every platform, as the processes that join them all read them: after the core's."""
    load(monkeypatch, **variables)
    return {name: load_platform_settings(kind, env_file=None) for name, kind in PLATFORMS.items()}


def load_everything(monkeypatch: pytest.MonkeyPatch, **variables: str) -> list[BaseSettings]:
    """All settings, those of the core first."""
    return [load(monkeypatch, **variables), *load_all(monkeypatch, **variables).values()]


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
        pytest.param("DISCORD_API_URL", "discord.example/api", id="a-platform-not-a-url"),
        pytest.param("SLACK_API_URL", "ftp://slack.example", id="another-platform-not-a-url"),
        pytest.param("SLACK_PORT", "70000", id="no-such-port-of-a-platform"),
        pytest.param("BUDGET_USD_PER_DAY", "-1.5", id="less-than-nothing"),
        pytest.param("BUDGET_USD_PER_DAY", "ten", id="no-amount"),
        pytest.param("BUDGET_USD_PER_MONTH", "1e999", id="more-than-there-is"),
        pytest.param("BUDGET_USD_PER_MONTH", "nan", id="not-an-amount"),
        pytest.param("BUDGET_TIME_ZONE", "Mars", id="no-such-zone"),
        pytest.param("DATABASE_URL", "mysql://root:hunter2@db", id="another-database"),
        pytest.param("DATABASE_URL", "sqlite+foo:///x.db", id="no-such-driver"),
        pytest.param("DATABASE_URL", "postgresql://\udcff/d", id="an-address-that-is-no-text"),
        pytest.param("SEED_BASE_URL", "http://a b", id="a-blank-in-a-host"),
        pytest.param("SLACK_API_URL", "https://slack.example/a\tb", id="white-space-in-a-path"),
        pytest.param("OIDC_ISSUER", "http://[::1", id="half-an-address"),
        pytest.param("DISCORD_GATEWAY_URL", "wss://gateway.example:99999", id="no-such-port-of-a-server"),
        pytest.param("DISCORD_API_URL", "https://?v=10", id="no-server"),
    ],
)
def test_a_malformed_setting_is_named_with_its_fix_and_without_its_value(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_all(monkeypatch, **{variable: value})
    assert caught.value.variable == variable
    assert value not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(DESCRIPTIONS[variable.lower()]) in str(caught.value)


@pytest.mark.parametrize("value", ["nan", "inf", "1e400", "9" * 400])
def test_no_number_is_without_bounds(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    numbers = {"int", "float", "Decimal"}
    for kind in EVERY_KIND:
        for name, field in kind.model_fields.items():
            if numbers & set(re.findall(r"\w+", str(field.annotation))):
                with pytest.raises(ConfigError, match=name.upper()):
                    load_all(monkeypatch, **{name.upper(): value})


def test_every_setting_is_text_but_names_of_files(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in DESCRIPTIONS.keys() - {"database_url", "state_folder"}:
        with pytest.raises(ConfigError, match=name.upper()):
            load_all(monkeypatch, **{name.upper(): "http://a\udcff"})
    settings = load(monkeypatch, DATABASE_URL="sqlite:///\udcff.db", STATE_FOLDER="\udcff")
    assert "\udcff" in settings.database_url


def test_secrets_stay_out_of_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, SEED_API_KEY="sk-hidden", CONSOLE_PASSWORD="hidden as well")
    assert "hidden" not in repr(settings)
    assert "hidden" not in str(settings)


@pytest.mark.parametrize(
    ("variable", "address"),
    [
        ("DATABASE_URL", "postgresql://ada:hidden@db.example/seedling"),
        ("SEED_BASE_URL", "https://user:hidden@api.example/v1"),
        ("SLACK_API_URL", "https://hidden@slack.example/api"),
    ],
)
def test_addresses_are_printed_without_their_credentials(
    monkeypatch: pytest.MonkeyPatch, variable: str, address: str
) -> None:
    printed = repr(load_everything(monkeypatch, **{variable: address}))
    assert "hidden" not in printed
    assert "example" in printed


@pytest.mark.parametrize(
    "variable",
    [
        *("SEED_API_KEY", "SECRET_KEY", "SECRET_KEY_BEFORE", "CONSOLE_PASSWORD", "OIDC_CLIENT_SECRET", "DATABASE_URL"),
        *("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_CLIENT_SECRET", "DISCORD_TOKEN"),
    ],
)
def test_a_secret_can_stand_in_a_file_and_is_read_anew_at_each_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    file = tmp_path / "secret"
    for said in ("sqlite:///elsewhere.db", "sqlite:///another.db"):
        file.write_text(f"{said}\n")
        everything = load_everything(monkeypatch, **{f"{variable}_FILE": str(file)})
        value = next(getattr(item, variable.lower()) for item in everything if hasattr(item, variable.lower()))
        assert (value if isinstance(value, str) else plain(value)) == said


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"SEED_API_KEY_FILE": "/nowhere/key"}, "SEED_API_KEY_FILE: names a file that cannot be read"),
        ({"DISCORD_TOKEN_FILE": "/"}, "DISCORD_TOKEN_FILE: names a file that cannot be read"),
        ({"SEED_API_KEY_FILE": "/nowhere/key", "SEED_API_KEY": "sk-hidden"}, "must not be set beside SEED_API_KEY"),
    ],
)
def test_a_file_of_a_secret_that_is_no_use_is_named(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], why: str
) -> None:
    with pytest.raises(ConfigError, match=why) as raised:
        load_everything(monkeypatch, **given)
    assert "hidden" not in str(raised.value)


def test_in_many_workspaces_slacks_terms_bound_the_retention(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_all(monkeypatch, SLACK_CLIENT_ID="1.2")["slack"].retention_days == 30
    assert load_all(monkeypatch, SLACK_BOT_TOKEN="x")["slack"].retention_days is None


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
    assert named == set(DESCRIPTIONS)


def test_every_setting_is_one_ones_own_and_says_what_it_is() -> None:
    assert len(DESCRIPTIONS) == sum(len(kind.model_fields) for kind in EVERY_KIND)
    assert all(DESCRIPTIONS.values())


# ---------------------------------------------------------------- platforms


@pytest.mark.parametrize(
    ("variables", "joined"),
    [
        pytest.param({}, set(), id="nothing"),
        pytest.param({"SLACK_BOT_TOKEN": "xoxb-1"}, {"slack"}, id="one-workspace"),
        pytest.param({"SLACK_CLIENT_ID": "1.2"}, {"slack"}, id="many-workspaces"),
        pytest.param({"SLACK_APP_TOKEN": "xapp-1"}, set(), id="half-of-slack"),
        pytest.param({"DISCORD_TOKEN": "t", "DISCORD_API_URL": ""}, {"discord"}, id="discord"),
        pytest.param({"DISCORD_API_URL": "http://127.0.0.1:1"}, set(), id="an-address-alone"),
        pytest.param({"DISCORD_TOKEN": "t", "SLACK_BOT_TOKEN": "x"}, {"slack", "discord"}, id="both"),
    ],
)
def test_a_platform_is_joined_by_its_token(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], joined: set[str]
) -> None:
    found = load_all(monkeypatch, **variables)
    assert {name for name, item in found.items() if item.is_joined} == joined


@pytest.mark.parametrize(
    "variables",
    [{"SLACK_BOT_TOKEN": "x"}, {"SLACK_APP_TOKEN": "x"}, {"SLACK_SIGNING_SECRET": "x"}, {"SLACK_CLIENT_ID": "x"}],
    ids=lambda given: "".join(given).lower(),
)
def test_half_of_slack_is_worth_a_check(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    assert load_all(monkeypatch, **variables)["slack"].is_begun


def test_a_port_alone_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not load_all(monkeypatch, SLACK_PORT="3001")["slack"].is_begun


@pytest.mark.parametrize(
    ("platform", "variable"), [("slack", "SLACK_BOT_TOKEN"), ("discord", "DISCORD_TOKEN")], ids=["slack", "discord"]
)
def test_what_would_join_a_platform_is_named(monkeypatch: pytest.MonkeyPatch, platform: str, variable: str) -> None:
    settings = load_all(monkeypatch)[platform]
    with pytest.raises(ConfigError, match=rf"^{variable}: must be set for 'seedling {platform}'$"):
        settings.need_joined(platform)


def test_a_platforms_secrets_stay_out_of_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_all(monkeypatch, SLACK_BOT_TOKEN="xoxb-hidden", DISCORD_TOKEN="hidden-too")
    assert "hidden" not in repr(settings)


def test_a_platforms_settings_come_from_the_same_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    set_only(monkeypatch)
    file = tmp_path / ".env"
    file.write_text("SLACK_PORT=1234\nUNKNOWN=1\nSLACK_API_URL=http://slack.example/api/\n")
    settings = load_platform_settings(PLATFORMS["slack"], env_file=file)
    assert settings.model_dump()["slack_port"] == 1234
    assert settings.model_dump()["slack_api_url"] == "http://slack.example/api"
