"""Ask the questions of an evaluation, by the same ways as those of people, and judge the answers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from adapters.terminal import attachments
from adapters.terminal.answer_collector import AnswerCollector
from bot.app.clock import utc_now
from bot.app.core import Core, EngineRole, open_core
from bot.app.own_history import key_of
from bot.app.spending_limits import set_up_budgets
from bot.commands.arguments import parse_overrides
from bot.context.tokens import estimate_entry
from bot.context.transcript import label, without_label
from bot.errors import BotError, InvalidInput
from bot.evaluation import EarlierMessage, EvaluationCase, wrongs_in
from bot.settings import Settings, load_settings
from bot.types import Draft, Entry, Incoming, NewEntry, Person

SETTING: Final = re.compile(r"SEED_[A-Z_]+")
_NAMED: Final = re.compile(r"(?P<name>[^:\n]{1,40}): (?P<text>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSetting:
    """Settings of the model and parameters that are compared, under the name that somebody wrote."""

    name: str
    settings: Settings
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """Result of one case; `failure` says why there is no answer, "" where there is one."""

    case: EvaluationCase
    answer: str = ""
    wrongs: Sequence[str] = ()
    failure: str = ""
    cost: Decimal = Decimal(0)
    seconds: float = 0.0

    @property
    def verdict(self) -> str:
        """Return "right", "wrong", "unjudged" or "failed"."""
        if self.failure:
            return "failed"
        return "wrong" if self.wrongs else "right" if self.case.is_judged else "unjudged"


def setting_of(words: str) -> EvaluationSetting:
    """Return what "NAME=VALUE NAME=VALUE" stands for: parameters, and variables such as SEED_MODEL.

    A value goes on to the next name, so that it may have blanks. Raises `InvalidInput` and `ConfigError`.
    """
    pairs = re.split(r"\s+(?=[A-Za-z_]+=)", words.strip()) if words.strip() else []
    variables = [pair.partition("=") for pair in pairs if SETTING.match(pair)]
    parameters = parse_overrides([pair for pair in pairs if not SETTING.match(pair)])
    settings = load_settings(given={name: value for name, _, value in variables})
    return EvaluationSetting(name=words.strip() or "as it is set", settings=settings, parameters=parameters)


async def evaluate(
    setting: EvaluationSetting, cases: Sequence[EvaluationCase], *, folder: Path, at_once: int
) -> AsyncIterator[CaseResult]:
    """Yield what comes of each case as soon as it is known; nothing of it is kept anywhere.

    `folder` has the files of the cases. A run may spend what the settings say, else what a fresh installation may.
    """
    with TemporaryDirectory(prefix="seedling-") as scratch:
        changes = {"database_url": f"sqlite:///{scratch}/eval.db", "state_folder": Path(scratch)}
        settings, place = setting.settings.model_copy(update=changes), AnswerCollector()
        places = nullcontext({place.name: place})
        async with open_core(settings, lambda *_: places, grace=0, role=EngineRole.ASKS) as core:
            await set_up_budgets(settings, core.store)
            free = asyncio.Semaphore(at_once)

            async def ask(number: int) -> CaseResult:
                async with free:
                    return await _result(core, place, setting, cases[number], _Where(number=number, folder=folder))

            for asking in asyncio.as_completed([ask(number) for number in range(len(cases))]):
                yield await asking


@dataclass(frozen=True, slots=True, kw_only=True)
class _Where:
    number: int
    folder: Path


async def _result(
    core: Core, place: AnswerCollector, setting: EvaluationSetting, case: EvaluationCase, where: _Where
) -> CaseResult:
    try:
        incoming = await asyncio.to_thread(_incoming, case, setting.parameters, where)
        await core.store.append_entries(incoming.key, _entries(case.thread))
        await core.inbox.handle(incoming)
        await core.dispatcher.drain(incoming.key)
    except BotError as error:
        return CaseResult(case=case, failure=str(error))
    draft = place.answers.pop(incoming.key.thread, Draft(status="failed"))
    cost = draft.footer.cost if draft.footer and draft.footer.cost is not None else Decimal(0)
    if draft.status != "done":
        return CaseResult(case=case, failure=" ".join(draft.notices) or "there was no answer", cost=cost)
    return CaseResult(
        case=case,
        answer=draft.text,
        wrongs=wrongs_in(case, draft.text),
        cost=cost,
        seconds=draft.footer.seconds if draft.footer else 0.0,
    )


def _incoming(case: EvaluationCase, parameters: Mapping[str, str], where: _Where) -> Incoming:
    """Return the question of a case, each of somebody else, so that nobody asks too fast."""
    search = {} if case.search is None else {"enable_web_search": "yes" if case.search else "no"}
    own = parse_overrides([f"{name}={value}" for name, value in case.parameters.items()])
    return Incoming(
        key=key_of(f"case-{where.number}"),
        dedupe_key=f"case:{where.number}",
        author=Person(id=f"asker-{where.number}", name=case.asker),
        text=case.question,
        sent_at=utc_now(),
        attachments=attachments([where.folder / name for name in case.files]),
        overrides={"memory": "no", **parameters, **own, **search},
        is_direct=True,
        is_admin=True,
    )


def _entries(thread: Sequence[EarlierMessage]) -> Sequence[NewEntry]:
    now = utc_now()
    made = []
    for number, said in enumerate(thread):
        text = said.content if said.role == "assistant" else _labelled(said.content)
        entry = Entry(role=said.role, text=text)
        made.append(NewEntry(id=f"m:case-{number}", entry=entry, tokens=estimate_entry(entry), at=now))
    return made


def _labelled(content: str) -> str:
    """Return a message under its label: the one that it has, else one of now and of who "Name: " says."""
    if without_label(content)[0]:
        return content
    named = _NAMED.fullmatch(content)
    name, text = (named["name"], named["text"]) if named else ("You", content)
    return f"{label(Person(id=name, name=name), utc_now())}: {text}"


def summary_row(name: str, results: Sequence[CaseResult]) -> str:
    """Return what a setting came to, in the columns of `HEADER`."""
    count = {verdict: sum(result.verdict == verdict for result in results) for verdict in VERDICTS}
    seconds = [result.seconds for result in results if not result.failure]
    cost = sum((result.cost for result in results), Decimal(0))
    counts = " ".join(f"{count[verdict]:>9}" for verdict in VERDICTS)
    return f"{name[:40]:<40} {counts} {cost:>12.6f} {median(seconds) if seconds else 0:>9.1f}"


VERDICTS: Final = ("right", "wrong", "unjudged", "failed")
HEADER: Final = f"{'setting':<40} {' '.join(f'{verdict:>9}' for verdict in VERDICTS)} {'US dollars':>12} {'seconds':>9}"


def check_files(cases: Sequence[EvaluationCase], folder: Path) -> None:
    """Raise `InvalidInput` for a case whose file is not there, before anything is asked."""
    for case in cases:
        for name in case.files:
            if not (folder / name).is_file():
                raise InvalidInput(f"{case.name}: there is no file {name!r} beside the cases.")
