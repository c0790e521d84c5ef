"""What an operator writes in DATABASE_URL, and how errors name the database."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import exc

from bot.errors import ConfigError, StorageError, StorageUnavailable
from storage.database import name_of, parse_url, wrap_errors


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        pytest.param("sqlite:///seedling.db", "sqlite:///seedling.db", id="relative-file"),
        pytest.param("sqlite:////srv/a b/x.db", "sqlite:////srv/a b/x.db", id="absolute-file"),
        pytest.param("sqlite+pysqlite:///x.db", "sqlite:///x.db", id="sqlite-with-driver"),
        pytest.param("postgresql://u:p@h:5/d", "postgresql+psycopg://u:p@h:5/d", id="postgresql"),
        pytest.param("postgres://u@h/d", "postgresql+psycopg://u@h/d", id="postgres-for-short"),
        pytest.param("postgresql+asyncpg://h/d", "postgresql+psycopg://h/d", id="another-driver"),
        pytest.param("sqlite:///x.db?timeout=0.5", "sqlite:///x.db?timeout=0.5", id="sqlite-with-option"),
        pytest.param(
            "postgresql://h/d?sslmode=require", "postgresql+psycopg://h/d?sslmode=require", id="postgresql-with-option"
        ),
    ],
)
def test_a_url_gets_the_driver_that_the_stores_use(written: str, meant: str) -> None:
    assert parse_url(written).render_as_string(hide_password=False) == meant


@pytest.mark.parametrize(
    "written",
    [
        *("", "seedling.db", "mysql://h/d", "sqlite://", "sqlite:///:memory:", "postgresql://h:port/d"),
        *("sqlite:////", "sqlite:///.", "sqlite:///x.db?foo=bar", "sqlite:///x.db?timeout=long"),
        *("postgresql://h/d?foo=bar", "postgresql://h/d?connect_timeout=long"),
    ],
)
def test_a_url_of_something_else_is_a_wrong_setting(written: str) -> None:
    with pytest.raises(ConfigError, match="DATABASE_URL"):
        parse_url(written)


def test_a_database_is_named_without_its_password() -> None:
    assert name_of(parse_url("postgresql://ada:secret@db:5432/seedling")) == "postgresql://ada:***@db:5432/seedling"
    assert name_of(parse_url("sqlite:///var/seedling.db")) == "var/seedling.db"


@pytest.mark.parametrize(
    ("reason", "fix"),
    [
        pytest.param("database is locked", "another program is using it", id="locked"),
        pytest.param("database or disk is full", "free some space", id="full"),
        pytest.param("unable to open database file", "folder exists", id="cannot-open"),
        pytest.param("attempt to write a readonly database", "writable", id="read-only"),
        pytest.param("disk I/O error", "DATABASE_URL", id="anything-else"),
    ],
)
def test_trouble_with_the_database_names_it_and_the_fix(reason: str, fix: str) -> None:
    with pytest.raises(StorageUnavailable, match=fix) as raised, wrap_errors("x.db"):
        raise exc.OperationalError("INSERT", {"text": "private"}, sqlite3.OperationalError(reason))
    assert reason in str(raised.value)
    assert "private" not in str(raised.value)


def test_a_damaged_file_will_not_mend_by_itself() -> None:
    with pytest.raises(StorageError, match="backup") as raised, wrap_errors("x.db"):
        raise exc.DatabaseError("", {}, sqlite3.DatabaseError("database disk image is malformed"))
    assert not isinstance(raised.value, StorageUnavailable)


@pytest.mark.parametrize(
    "bug",
    [
        pytest.param(KeyError("x"), id="ours"),
        pytest.param(exc.IntegrityError("", {}, sqlite3.IntegrityError("UNIQUE")), id="broken-constraint"),
        pytest.param(exc.ProgrammingError("", {}, sqlite3.ProgrammingError("bad")), id="bad-statement"),
    ],
)
def test_bugs_pass_untouched(bug: Exception) -> None:
    with pytest.raises(type(bug)) as raised, wrap_errors("x.db"):
        raise bug
    assert raised.value is bug
