import csv
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from benchmarks.context_billing import Account, Terms
from benchmarks.context_cost import main
from benchmarks.context_policies import BY_NAME, UNCOUNTED
from benchmarks.context_report import OPTIMUM, OURS, measure
from benchmarks.context_traces import Trace, read_traces


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A channel of 80 messages with a long pause after each tenth."""
    path = tmp_path / "small.csv"
    rows = [f"{60 * n + 3_600 * (n // 10)}.0,1,{n % 3},{40 + 7 * (n % 5)}" for n in range(80)]
    path.write_text("seconds,conversation,author,characters\n" + "\n".join(rows) + "\n")
    return path


def test_one_cell_is_printed_with_every_policy(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--trace", str(small), "--floor", "2000", "--ratio", "0.2", "--json"]) == 0
    (cell,) = json.loads(capsys.readouterr().out)
    assert (cell["trace"], cell["turns"], cell["floor"], cell["ratio"]) == ("small", 80, 2_000, 0.2)
    assert {outcome["policy"] for outcome in cell["outcomes"]} == set(BY_NAME) - {UNCOUNTED.name}
    ours = next(outcome for outcome in cell["outcomes"] if outcome["policy"] == OURS)
    assert 1.0 <= ours["relative"] < 1.15  # pauses as regular as these favour who knows them
    assert (ours["failed"], ours["lost"]) == (0, 0)


def test_the_cost_can_be_computed_again_from_the_decisions(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "decisions.csv"
    main(["--trace", str(small), "--floor", "2000", "--ratio", "0.1", "--json", "--decisions", str(out)])
    (cell,) = json.loads(capsys.readouterr().out)
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    entries = [int(row[kind]) for row in rows for kind in ("question", "answer")]
    total, before, sent = 0.0, None, 0
    for n, row in enumerate(rows):
        first, prompt = int(row["first_entry"]), 600 + sum(entries[int(row["first_entry"]) : 2 * n + 1])
        warm = n > 0 and float(row["arrival_s"]) - float(rows[n - 1]["arrival_s"]) <= 600
        cached = sent if warm and first == before and sent >= 1_024 else 0
        assert (int(row["prompt"]), int(row["cached"])) == (prompt, cached)
        total, before, sent = total + prompt - 0.9 * cached, first, prompt
    assert total == pytest.approx(next(o["cost"] for o in cell["outcomes"] if o["policy"] == OURS))


def test_the_tables_and_the_picture_are_made(small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "plot.svg"
    assert main(["--trace", str(small), "--turns", "40", "--plot", str(picture)]) == 0
    text = capsys.readouterr().out
    assert text.count("### small, 80 turns in 2 conversations") == 3
    assert text.count(f"| {OURS} |") == 3
    assert ET.fromstring(picture.read_text()).tag.endswith("svg")


def test_notes_are_counted_beside_the_rule_that_takes_them_for_free(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = ["--trace", str(small), "--floor", "2000", "--ratio", "0.2", "--turns", "40", "--pieces", "1"]
    assert main([*cell, "--notes", "300", "product", "800"]) == 0
    text = capsys.readouterr().out
    assert "### small, 40 turns, floor 2,000, notes of 300" in text
    assert "### small, 40 turns, floor 2,000, notes of 800" in text
    assert "### small, 40 turns, floor 2,000, notes of 160" in text
    assert text.count(f"| {UNCOUNTED.name} |") == 3
    assert f"{UNCOUNTED.name} over 3 cells" in text


def test_without_traffic_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SEEDLING_TEST_DATA", str(tmp_path))
    assert main([]) == 1
    assert "--trace" in capsys.readouterr().err


def test_a_policy_that_hides_the_question_or_overflows_is_told() -> None:
    steady = Trace("steady", [10.0 * n for n in range(900)], [50] * 900, [300] * 900)
    cell = measure(Account(steady, Terms(floor=2_000, ratio=0.2)))
    assert cell.of("prune only when cold").failed > 0
    huge = measure(Account(Trace("huge", [0.0, 10.0], [50, 300_000], [300, 300]), Terms(floor=2_000, ratio=0.2)))
    assert huge.of("drop oldest until it fits").lost == 1
    assert (huge.of(OURS).failed, huge.of(OURS).lost) == (1, 0)


@pytest.mark.parametrize("ratio", [0.1, 0.2, 0.5])
@pytest.mark.parametrize("floor", [2_000, 8_000, 32_000])
def test_on_recorded_traffic_the_product_is_cheapest_and_near_the_optimum(
    shared_data: Path, floor: int, ratio: float
) -> None:
    for path in sorted(shared_data.glob("traces/*.csv")):
        (trace,) = read_traces(path)
        piece = next(iter(trace.pieces(1_500)))
        cell = measure(Account(piece, Terms(floor=floor, ratio=ratio)))
        ours = cell.of(OURS)
        assert ours.relative <= 1.03
        assert ours.guaranteed >= floor
        assert all(rival.cost > 0.995 * ours.cost for rival in cell.rivals)
        assert cell.of(OPTIMUM).cost <= ours.cost


@pytest.mark.parametrize(
    ("floor", "ratio", "notes"),  # each with each other one, in half of the twelve cells
    [
        (4_000, 0.1, 300),
        (4_000, 0.2, 800),
        (4_000, 0.5, 300),
        (16_000, 0.1, 800),
        (16_000, 0.2, 300),
        (16_000, 0.5, 800),
    ],
)
def test_with_notes_the_product_is_near_the_optimum_that_pays_for_them_too(
    shared_data: Path, floor: int, ratio: float, notes: int
) -> None:
    path = max(shared_data.glob("traces/*.csv"))
    (trace,) = read_traces(path)
    cell = measure(Account(next(iter(trace.pieces(1_500))), Terms(floor=floor, ratio=ratio, notes=notes)))
    ours = cell.of(OURS)
    assert cell.of(OPTIMUM).cost <= ours.cost
    assert ours.relative <= 1.03
    assert ours.guaranteed >= floor
    assert cell.of(UNCOUNTED.name).cost > 1.01 * ours.cost
    assert all(rival.cost > ours.cost for rival in cell.rivals)
