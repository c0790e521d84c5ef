"""The history of `ask` and `chat`: a database of its own, that many terminals use at once and that can be read."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import signal
import struct
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.__main__ import build_parser, main
from bot.app.platform_registry import load_specs
from bot.app.shell_completion import SHELLS, places, script
from tests.acceptance.test_command_line import seedling
from tests.acceptance.test_ending_early import SILENT, asked, end_of, to
from tests.emulators.seed import Options, RunningSeed, running_seed
from tests.processes import PROGRAM, ROOT, data_home, files_in, history_of, start
from tests.processes import seedling as running

SECONDS = 60.0


async def test_what_was_asked_is_listed_shown_found_and_forgotten_and_nothing_lies_where_it_was_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running_seed() as seed:
        for thread, words in (("trip", "Echo: the ferry leaves at nine"), ("garden", "Echo: the heron is back")):
            assert (await seedling(tmp_path, "ask", "--thread", thread, words, **to(seed))).code == 0
    assert files_in(tmp_path) == []
    assert history_of(tmp_path).stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("XDG_DATA_HOME", str(data_home(tmp_path)))

    async def told(*arguments: str, code: int = 0) -> str:
        assert await asyncio.to_thread(main, arguments) == code
        return capsys.readouterr().out

    listed = (await told("conversations")).splitlines()
    assert [line.split()[4] for line in listed] == ["garden", "trip"]
    assert listed[1].endswith("Echo: the ferry leaves at nine")
    shown = await told("show", "trip")
    assert shown.count("the ferry leaves at nine") == 2
    assert "You:" in shown
    assert {line.split()[0] for line in (await told("search", "HERON", "back")).splitlines()} == {"garden"}
    assert await told("forget", "conversation", "--own", "garden") == "Deleted: 2 messages.\n"
    assert "heron" not in await told("conversations")
    await told("search", "heron", code=1)
    await told("show", "garden", code=64)


async def test_budgets_are_told_before_the_first_start_and_those_of_questions_by_themselves(tmp_path: Path) -> None:
    async with running_seed() as seed:
        coming = await seedling(tmp_path, "budget", **to(seed))
        named = await seedling(tmp_path, "budget", **to(seed), BUDGET_USD_PER_MONTH="7")
        local = await seedling(tmp_path, "budget")
        assert (await seedling(tmp_path, "ask", "Echo: hello", **to(seed))).code == 0
        own = await seedling(tmp_path, "budget", "--own", **to(seed))
        changed = await seedling(tmp_path, "budget", "1", "day", "--own", **to(seed))
        bot = await seedling(tmp_path, "budget", **to(seed))
    assert "The next start limits what the whole installation spends to $5.00 a day." in coming.out
    assert "spends to $7.00 a month." in named.out
    assert "what is spent is not limited" in local.out
    assert "$5.00 a day, $" in own.out
    assert "$1.00 a day" in changed.out
    assert bot.out == coming.out


async def test_a_question_of_any_length_that_nobody_goes_on_with_is_one_request(tmp_path: Path) -> None:
    (tmp_path / "report.txt").write_text("The garden has a pond, and a path around it. " * 3_000)
    async with running_seed() as seed:
        command = ("ask", "Sum it up.", "--set", "context=economy")
        process = await start(*command, folder=tmp_path, redirected="< report.txt", **to(seed))
        assert (await end_of(process))[0] == 0
        assert len(seed.requests) == 1


async def test_terminals_ask_at_once_but_not_in_one_conversation_and_another_database_can_be_named(
    tmp_path: Path,
) -> None:
    other = str(tmp_path / "other.db")
    async with running_seed(SILENT) as silent, running_seed() as seed:
        async with running("ask", "--thread", "t", "Hello", folder=tmp_path, **to(silent)) as waiting:
            await asked(silent)
            beside = await seedling(tmp_path, "ask", "Echo: beside", **to(seed))
            same = await seedling(tmp_path, "ask", "--thread", "t", "Echo: same", **to(seed))
            elsewhere = await seedling(tmp_path, "ask", "--db", other, "--thread", "t", "Echo: else", **to(seed))
            waiting.send_signal(signal.SIGINT)
            assert (await end_of(waiting))[0] == 130
        after = await seedling(tmp_path, "ask", "--thread", "t", "Echo: after", **to(seed))
        listed = await seedling(tmp_path, "conversations", "--db", f"sqlite:///{other}")
    assert (beside.code, beside.out) == (0, "beside\n")
    assert (same.code, "Another terminal is in the conversation 't'" in same.err) == (69, True)
    assert (elsewhere.code, after.out) == (0, "after\n")
    assert len(listed.out.splitlines()) == 1


async def test_questions_are_answered_while_the_bot_runs(tmp_path: Path) -> None:
    async with running_seed() as seed, running("run", folder=tmp_path, **to(seed)) as process:
        assert process.stdout is not None
        async with asyncio.timeout(SECONDS):
            while b"ready" not in await process.stdout.readline():
                pass
        done = await seedling(tmp_path, "ask", "Echo: beside it", **to(seed))
    assert (done.code, done.out) == (0, "beside it\n")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["ask", ""], 64, id="nothing"),
        pytest.param(["ask", "--file", ".", "hi"], 64, id="folder-as-file"),
        pytest.param(["ask", "--db", ".", "hi"], 64, id="folder-as-database"),
        pytest.param(["ask", "--db", "no/such/folder.db", "hi"], 64, id="no-folder"),
        pytest.param(["ask", "--db", "a?b", "hi"], 64, id="query"),
        pytest.param(["ask", "--db", "mysql://me@db/x", "hi"], 78, id="no-such-database"),
        pytest.param(["ask", "--db", "readme.txt", "hi"], 69, id="no-database"),
        pytest.param(["chat"], 64, id="no-terminal"),
        pytest.param(["show", "\udcff"], 64, id="no-such-conversation"),
        pytest.param(["search", "\udcff"], 1, id="half-a-character"),
        pytest.param(["params", "\udcff/a"], 0, id="half-a-place"),
        pytest.param(["export", "person", "terminal", "\udcff"], 0, id="half-a-person"),
        pytest.param(["forget", "person", "terminal", "\udcff"], 0, id="half-a-person-forgotten"),
        pytest.param(["usage", "--days", "-5"], 64, id="days-to-come"),
        pytest.param(["doctor", "--seconds", "x"], 64, id="no-seconds"),
        pytest.param(["backup", "."], 64, id="folder-as-backup"),
        pytest.param(["copy-database", "x", "y"], 64, id="no-address"),
        pytest.param(["import", "slack-export", "."], 64, id="folder-as-export"),
        pytest.param(["completion", "tcsh"], 64, id="no-such-shell"),
    ],
)
def test_no_input_brings_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], arguments: list[str], code: int
) -> None:
    (tmp_path / "readme.txt").write_text("This is no database. " * 100)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("SEED_BASE_URL", "http://127.0.0.1:9/v1")
    assert main(["migrate"]) == 0
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        try:
            ended = main(arguments)
        except SystemExit as end:
            ended = int(str(end.code))
    err = capfd.readouterr().err
    assert (ended, "Traceback" in err) == (code, False), err
    assert code == 0 or len(err.strip().splitlines()) <= 1


# ---------------------------------------------------------------- help and completion


def test_every_help_has_an_example() -> None:
    found = dict(places(build_parser(load_specs()), "seedling"))
    assert len(found) > 25

    def parsers(parser: object) -> list[object]:
        groups = getattr(parser, "_subparsers", None)
        below = [child for action in groups._group_actions for child in action.choices.values()] if groups else []
        return [parser, *(item for child in below for item in parsers(child))]

    without = [parser.prog for parser in parsers(build_parser(load_specs())) if "example" not in (parser.epilog or "")]  # type: ignore[attr-defined]  # argparse's own
    assert without == []


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_completes_every_command_and_option(shell: str) -> None:
    written = script(dict(places(build_parser(load_specs()), "seedling")), shell)
    for words in ("conversations", "slack-export", "seedling export person", "reconcile"):
        assert words in written


async def test_bash_takes_the_script(tmp_path: Path) -> None:
    done = await seedling(tmp_path, "completion", "bash")
    asking = "\n".join(
        f'COMP_WORDS=({words}); COMP_CWORD={words.count(" ")}; _seedling; echo "${{COMPREPLY[@]}}"'
        for words in ("seedling con", "seedling forget p", "seedling usage --r")
    )
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", f"{done.out}\n{asking}", stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert out.decode().splitlines() == ["conversations", "person", "--reconcile"]


# ---------------------------------------------------------------- talking


class Talk:
    """Somebody at a terminal of `seedling chat`."""

    def __init__(self, terminal: int, process: asyncio.subprocess.Process) -> None:
        self._terminal = terminal
        self.process = process
        self.seen = ""
        self._read = 0
        asyncio.get_running_loop().add_reader(terminal, self._take)

    def _take(self) -> None:
        try:
            data = os.read(self._terminal, 65_536)
        except OSError:  # the other end is closed
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._terminal)
        self.seen += data.decode(errors="replace")

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    async def see(self, words: str) -> None:
        """Wait for words behind those that were waited for before."""
        async with asyncio.timeout(SECONDS):
            while (place := self.seen.find(words, self._read)) < 0:
                await asyncio.sleep(0.02)
        self._read = place + len(words)


@asynccontextmanager
async def chatting(folder: Path, *arguments: str, **settings: str) -> AsyncIterator[Talk]:
    """`seedling chat` at a terminal of 100 columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    environment = {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", "COLUMNS": "100", "LINES": "40"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *PROGRAM, "chat", *arguments),
        cwd=folder,
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT), "XDG_DATA_HOME": str(data_home(folder)), **settings},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # so that Ctrl+C reaches it
    )
    os.close(theirs)
    try:
        yield Talk(ours, process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        asyncio.get_running_loop().remove_reader(ours)
        os.close(ours)


async def test_somebody_talks_stops_an_answer_sets_a_parameter_and_comes_back(tmp_path: Path) -> None:
    slow = Options(tokens_per_second=60.0)
    async with running_seed(slow) as seed:
        async with chatting(tmp_path, "--thread", "trip", **to(seed)) as talk:
            await talk.see("You:")
            talk.type("Echo: **bold** words\r")
            await talk.see("bold")
            await talk.see("tokens in")
            await talk.see("You:")
            talk.type("Write 20000 words\r")
            await talk.see("Thinking")
            await asyncio.wait_for(asked_times(seed, 2), SECONDS)
            await talk.see(" ")
            talk.type("\x03")
            await talk.see("tokens in")
            await talk.see("You:")
            talk.type("/set reasoning_effort low\r")
            await talk.see("takes it back")  # the next prompt is behind it
            await talk.see("You:")
            talk.type("\x04")
            assert await asyncio.wait_for(talk.process.wait(), SECONDS) == 0
        async with chatting(tmp_path, "--thread", "trip", **to(seed)) as talk:
            await talk.see("words")
            await talk.see("You:")
            talk.type("/quit\r")
            assert await asyncio.wait_for(talk.process.wait(), SECONDS) == 0
    assert "Traceback" not in talk.seen
    assert "\x1b[1mbold\x1b[0m words" in talk.seen
    listed = await seedling(tmp_path, "conversations")
    assert "trip" in listed.out


async def asked_times(seed: RunningSeed, times: int) -> None:
    while sum(bool(request.ask) for request in seed.requests) < times:
        await asyncio.sleep(0.01)
