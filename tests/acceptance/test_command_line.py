"""The command line as people use it: each command in a process of its own."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import main
from bot.commands.command import all_commands
from bot.parameters import PARAMETERS, Scope
from storage import migrate, open_store
from tests.emulators.seed import API_KEY, Options, running_seed
from tests.fakes import ManualClock
from tests.processes import files_in, line_with, start

COMMANDS = all_commands()  # the files are read here, not in the event loop


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


async def seedling(folder: Path, *arguments: str, typed: str = "", **variables: str) -> Done:
    process = await start(*arguments, folder=folder, **variables)
    out, err = await asyncio.wait_for(process.communicate(typed.encode() or None), 90)
    assert process.returncode is not None
    assert b"Traceback" not in err, err.decode()
    return Done(process.returncode, out.decode(), err.decode())


# ---------------------------------------------------------------- what needs no model


async def test_help_names_every_command(tmp_path: Path) -> None:
    done = await seedling(tmp_path, "--help")
    assert done.code == 0
    for command in ("run", "ask", "import", "migrate", "params", "rates", "doctor", "usage"):
        assert f"    {command} " in done.out


async def test_params_prints_the_whole_table(tmp_path: Path) -> None:
    done = await seedling(tmp_path, "params")
    assert done.code == 0
    for name, item in PARAMETERS.items():
        assert f"{name} = {item.format(item.default)}  (default)" in done.out
        assert item.allowed in done.out
    assert "temperature is fixed" in done.out


async def test_params_prints_what_holds_at_a_place_and_why(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'seedling.db'}"
    await migrate(url)
    async with open_store(url, clock=ManualClock()) as store:
        await store.put_setting(Scope(kind="workspace", key="local/w"), "context", "long")
        await store.put_setting(Scope(kind="channel", key="local/w/c"), "max_tokens", "17")
    done = await seedling(tmp_path, "params", "local/w/c")
    assert "context = long  (set for the workspace)" in done.out
    assert "max_tokens = 17  (set for this channel)" in done.out
    assert "memory = yes  (default)" in done.out
    done = await seedling(tmp_path, "params", "local")
    assert (done.code, "PLATFORM/WORKSPACE" in done.err) == (64, True)


async def test_migrate_makes_the_database_and_does_nothing_the_second_time(tmp_path: Path) -> None:
    for _ in range(2):
        done = await seedling(tmp_path, "migrate")
        assert (done.code, done.err) == (0, "")
    assert (tmp_path / "seedling.db").exists()


@pytest.mark.parametrize(
    ("arguments", "variables", "code", "message"),
    [
        pytest.param(["run"], {"PORT": "eighty"}, 78, "PORT: ", id="no-port"),
        pytest.param(["ask", "hi"], {"SEED_WIRE": "morse"}, 78, "SEED_WIRE: ", id="no-wire"),
        pytest.param(["run"], {"SEED_CONTEXT_TOKENS": "8k"}, 78, "SEED_CONTEXT_TOKENS: ", id="no-number-of-tokens"),
        pytest.param(["migrate"], {"DATABASE_URL": "mysql://me:hunter2@db"}, 78, "DATABASE_URL: ", id="no-database"),
        pytest.param(["ask", "--set", "temperature=1", "hi"], {}, 64, "fixed at 1", id="fixed-parameter"),
        pytest.param(["ask", "--set", "max_tokens=0", "hi"], {}, 64, "max_tokens cannot be '0'", id="bad-value"),
        pytest.param(["import", "slack-export", "nothing.zip"], {}, 64, "there is no such file", id="no-export"),
        pytest.param(["usage", "--reconcile"], {}, 78, "SEED_API_KEY", id="no-account"),
        pytest.param(["usage", "--days", "999999999"], {}, 64, "1 to 36,500", id="more-days-than-there-are"),
        pytest.param(["usage", "--days=-5"], {}, 64, "1 to 36,500", id="days-to-come"),
        pytest.param(["usage", "--days", "9" * 9_000], {}, 64, "1 to 36,500", id="days-of-many-digits"),
        pytest.param(["ask"], {}, 64, "question", id="no-question"),
    ],
)
def test_bad_input_is_one_line_that_names_the_thing(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    variables: dict[str, str],
    code: int,
    message: str,
) -> None:
    """In this process: that each code is that of a process, too, is seen by a command of each kind elsewhere."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        sys.exit(main(arguments))
    told = capsys.readouterr().err
    assert ended.value.code == code
    assert message in told
    assert len(told.strip().splitlines()) == 1
    assert "hunter2" not in told


async def test_a_playground_for_others_needs_a_password(tmp_path: Path) -> None:
    done = await seedling(tmp_path, "run", HOST="0.0.0.0")
    assert (done.code, len(done.err.splitlines())) == (78, 1)
    assert "CONSOLE_PASSWORD: must be set" in done.err


async def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = await seedling(tmp_path, "run", PORT=port, SEED_BASE_URL="http://127.0.0.1:9/v1")
    assert done.code == 78
    assert f"PORT: {port} is in use" in done.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
async def test_running_ends_cleanly_when_told(tmp_path: Path, number: signal.Signals) -> None:
    process = await start("run", folder=tmp_path, PORT="0", SEED_BASE_URL="http://127.0.0.1:9/v1")
    assert process.stdout is not None
    limits = await line_with(process, "Spending is limited to $5.00 a day", seconds=60)
    assert "BUDGET_USD_PER_DAY" in limits
    await line_with(process, "Seedling is ready: http://127.0.0.1:", seconds=60)
    process.send_signal(number)
    _, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    assert b"Traceback" not in err


# ---------------------------------------------------------------- questions to the Seed API


async def test_an_answer_as_json_has_all_that_is_promised_and_threads_go_on(tmp_path: Path) -> None:
    async with running_seed(Options(implicit_cache=True)) as seed:
        surroundings = {"SEED_API_KEY": API_KEY, "SEED_BASE_URL": seed.url}
        question = "Echo: " + "many words " * 900
        first = await seedling(tmp_path, "ask", "--json", "--thread", "t", question, **surroundings)
        second = await seedling(
            tmp_path, "ask", "--json", "--thread", "t", "--set", "reasoning_effort=low", "And?", **surroundings
        )
        alone = await seedling(tmp_path, "ask", "--json", "And?", **surroundings)
    assert {"text", "reasoning", "sources", "usage", "cost", "parameters", "model"} <= first.json.keys()
    assert first.json["usage"].keys() >= {"input", "cached", "output", "reasoning"}
    assert first.json["model"] == "seed-2-0-lite"
    assert first.json["reasoning"]
    assert Decimal(first.json["cost"]) > 0
    assert (first.json["parameters"]["reasoning_effort"], second.json["parameters"]["reasoning_effort"]) == (
        "medium",
        "low",
    )
    assert second.json["usage"]["cached"] >= 1024
    assert alone.json["usage"]["input"] < second.json["usage"]["input"]


async def test_what_was_guessed_at_in_a_file_is_told_beside_the_answer(tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_bytes("名前;都市\n山田太郎;東京\n".encode("cp932"))
    async with running_seed() as seed:
        surroundings = {"SEED_API_KEY": API_KEY, "SEED_BASE_URL": seed.url}
        done = await seedling(tmp_path, "ask", "--json", "--file", "names.csv", "Who?", **surroundings)
        sent = str(seed.requests[-1].body["messages"])
    assert "山田太郎;東京" in sent
    (notice,) = done.json["notices"]
    assert notice.startswith("About 'names.csv': read as Japanese text (cp932)")
    assert "save it as UTF-8" in notice


async def test_an_answer_is_streamed_to_the_terminal_and_the_small_print_beside_it(tmp_path: Path) -> None:
    async with running_seed() as seed:
        done = await seedling(
            tmp_path, "ask", "-", typed="Why is the sky blue?", SEED_API_KEY=API_KEY, SEED_BASE_URL=seed.url
        )
    assert done.code == 0
    assert done.out.strip()
    assert "tokens in" in done.err
    assert "tokens in" not in done.out


async def test_what_is_piped_in_is_what_the_question_is_about(tmp_path: Path) -> None:
    (tmp_path / "report.txt").write_text("The heron landed at nine.")
    async with running_seed() as seed:
        command = ("ask", "Sum it up.")
        process = await start(
            *command, folder=tmp_path, redirected="< report.txt", SEED_API_KEY=API_KEY, SEED_BASE_URL=seed.url
        )
        _, err = await process.communicate()
        sent = [json.dumps(request.body) for request in seed.requests if request.ask]
    assert process.returncode == 0, err
    assert "The heron landed at nine." in sent[0]
    assert "Sum it up." in sent[0]


async def test_commands_work_from_the_terminal(tmp_path: Path) -> None:
    surroundings = {"SEED_API_KEY": API_KEY, "SEED_BASE_URL": "http://127.0.0.1:9/v1"}
    done = await seedling(tmp_path, "ask", "/help", **surroundings)
    assert done.code == 0
    assert all(f"`/{command.name}" in done.out for command in COMMANDS.values())


async def test_a_wrong_key_is_told_without_showing_it(tmp_path: Path) -> None:
    async with running_seed() as seed:
        done = await seedling(tmp_path, "ask", "hi", SEED_API_KEY="sk-very-secret", SEED_BASE_URL=seed.url)
    assert done.code == 1
    assert "the person who runs me has to check its key" in done.err
    assert "very-secret" not in done.out + done.err


async def test_rates_usage_and_the_books_agree_with_the_provider(tmp_path: Path) -> None:
    async with running_seed() as seed:
        surroundings = {"SEED_API_KEY": API_KEY, "SEED_BASE_URL": seed.url}
        rates = await seedling(tmp_path, "rates", **surroundings)
        await seedling(tmp_path, "ask", "Why is the sky blue?", **surroundings)
        books = await seedling(tmp_path, "usage", "--own", "--reconcile", **surroundings)
    assert "provider, " in rates.out
    assert "0.31" in rates.out
    ours, theirs = (line.split()[2:] for line in books.out.splitlines() if line.startswith(("our", "the provider")))
    assert ours == theirs
    assert ours[0] == "1"


async def test_another_model_answers_while_the_first_one_cannot_and_the_doctor_looks_at_both(tmp_path: Path) -> None:
    async with running_seed(Options(balance=Decimal(0))) as poor, running_seed(Options(model="seed-mini")) as rich:
        surroundings = {"SEED_API_KEY": API_KEY, "SEED_BASE_URL": poor.url, "SEED_FALLBACK_URL": rich.url}
        surroundings |= {"SEED_FALLBACK_MODEL": "seed-mini", "SEED_FALLBACK_API_KEY": API_KEY}
        done = await seedling(tmp_path, "ask", "echo Hello", **surroundings)
        books = await seedling(tmp_path, "usage", "--own", **surroundings)
        doctor = await seedling(tmp_path, "doctor", **surroundings)
        wrong = await seedling(tmp_path, "ask", "hi", **surroundings | {"SEED_FALLBACK_API_KEY": "two words"})
    assert (done.code, done.out.strip()) == (0, "Hello")
    assert "seed-2-0-lite is not answering right now, so seed-mini answered in its place." in done.err
    assert "seed-mini \u00b7" in done.err
    assert next(line for line in books.out.splitlines() if line.startswith("our records")).split()[2] == "1"
    broken = [line.split()[1:3] for line in doctor.out.splitlines() if line.startswith("BROKEN")]
    assert ["key", "the"] in broken
    assert not any(name == "fallback" for name, _ in broken)
    assert "fallback web search" in doctor.out
    assert (wrong.code, "SEED_FALLBACK_API_KEY: is no key" in wrong.err) == (78, True)


async def test_settings_are_compared_by_cases_and_nothing_of_them_is_kept(tmp_path: Path) -> None:
    cases = [
        {"name": "right", "question": "Echo: 12 May", "contains": ["May 12|12 May"]},
        {"name": "wrong", "question": "Echo: 13 May", "contains": ["12 May"]},
        {"name": "file", "question": "Echo: seen", "files": ["note.txt"], "contains": ["seen"], "search": True},
        {
            "name": "thread",
            "question": "Echo: go on",
            "asker": "Grace",
            "contains": ["go on"],
            "thread": [{"role": "user", "content": "Ada: We begin."}, {"role": "assistant", "content": "Good."}],
        },
        {"name": "for a person", "question": "Echo: who knows"},
    ]
    (tmp_path / "note.txt").write_text("The heron landed at nine.")
    (tmp_path / "cases.jsonl").write_text("\n".join(json.dumps(case) for case in cases))
    async with running_seed() as seed:
        settings = ("--with", "", "--with", "reasoning_effort=low SEED_MODEL=nope")
        done = await seedling(tmp_path, "eval", "cases.jsonl", *settings, SEED_API_KEY=API_KEY, SEED_BASE_URL=seed.url)
        bodies = [json.dumps(request.body, ensure_ascii=False) for request in seed.requests if request.ask]
        little = {"SEED_API_KEY": API_KEY, "SEED_BASE_URL": seed.url, "BUDGET_USD_PER_DAY": "0.000001"}
        capped = await seedling(tmp_path, "eval", "cases.jsonl", **little)
        assert len([request for request in seed.requests if request.ask]) == len(bodies), "nothing is asked at a cap"
    assert "is used up" in capped.out
    rows = [line.split()[-6:] for line in done.out.splitlines()[-2:]]
    assert done.code == 0, done.err
    assert [row[:4] for row in rows] == [["3", "1", "1", "0"], ["0", "0", "0", "5"]]
    assert Decimal(rows[0][4]) > 0
    assert "as it is set: wrong: wrong" in done.out
    assert len(bodies) == 5
    [thread] = [body for body in bodies if "go on" in body]
    assert "Ada: We begin." in thread
    assert "Grace: Echo: go on" in thread
    assert any("The heron landed at nine." in body and '"enable_web_search": true' in body for body in bodies)
    assert sorted(path.name for path in files_in(tmp_path)) == ["cases.jsonl", "note.txt"]


# ---------------------------------------------------------------- the local model


@pytest.mark.local_model
async def test_the_local_model_answers_as_json(tmp_path: Path, local_model: object) -> None:
    done = await seedling(tmp_path, "ask", "--json", "--set", "max_tokens=20", "Name a colour.")
    assert done.json["text"].strip()
    assert done.json["model"] == "SmolLM2-135M-Instruct"
    assert done.json["usage"]["input"] > 100
    assert Decimal(done.json["cost"]) == 0


@pytest.mark.local_model
async def test_a_newcomer_can_read_every_line_of_the_first_start(tmp_path: Path, local_model: object) -> None:
    process = await start("run", folder=tmp_path, PORT="0")
    assert process.stdout is not None
    async with asyncio.timeout(90):
        lines = [(await process.stdout.readline()).decode().strip() for _ in range(5)]
    process.terminate()
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert (out, err, process.returncode) == (b"", b"", 0)
    assert lines[0] == "Starting the small local model, which takes a few seconds ..."
    assert lines[1].startswith("Seedling is ready: http://127.0.0.1:")
    assert lines[2].startswith("To become its administrator, open this link within 15 minutes")
    assert "/sign-in/link/" in lines[3]
    assert lines[4] == "A small local model answers. Set SEED_API_KEY to use Seed 2.0 Lite."


@pytest.mark.local_model
async def test_the_doctor_ends_with_the_local_model_and_says_what_it_has_not(
    tmp_path: Path, local_model: object
) -> None:
    done = await seedling(tmp_path, "doctor", "--seconds", "20")
    rows = [line.split(maxsplit=1) for line in done.out.splitlines()[1:]]
    assert {mark for mark, _ in rows} <= {"ok", "-", "BROKEN", "->"}
    for name in ("Slack", "Discord", "price", "account", "image input", "web search", "sound"):
        assert any(mark == "-" and row.startswith(name) for mark, row in rows), name


async def test_the_doctor_tells_of_every_platform_and_ends_each_check_in_time(tmp_path: Path) -> None:
    away = "http://127.0.0.1:9"
    settings = {"SLACK_BOT_TOKEN": "xoxb-secret", "SLACK_APP_TOKEN": "xapp-secret", "SLACK_API_URL": f"{away}/api"}
    done = await seedling(
        tmp_path, "doctor", "--seconds", "2", SEED_API_KEY="sk-secret", SEED_BASE_URL=f"{away}/v1", **settings
    )
    assert done.code == 1
    assert [line.split()[1:3] for line in done.out.splitlines() if line.startswith("BROKEN")] == [
        ["Slack", "token"],
        ["Slack", "socket"],
        ["server", "the"],
    ]
    assert "Discord" in done.out
    assert "secret" not in done.out + done.err
    assert (await seedling(tmp_path, "doctor", "--seconds", "0")).code == 64
