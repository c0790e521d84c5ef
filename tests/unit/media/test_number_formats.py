"""Numbers are shown as cells show them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.media.office.number_formats import shown


@pytest.mark.parametrize(
    ("value", "code", "said"),
    [
        (0.125, "0.0%", "12.5%"),
        (-1234.5, '_-* #,##0.00\\ [$€-407]_-;\\-* #,##0.00\\ [$€-407]_-', "-1,234.50 €"),
        (1_067, "00000", "01067"),
        (5_551_234_567, "(000) 000-0000", "(555) 123-4567"),
        (-5, "0;(0)", "(5)"),
        (0, '0;-0;"none"', "none"),
        (1_234_567, '0.0,,"M"', "1.2M"),
        (1_234.5, '[>1000]0.0," k";0', "1.2 k"),
        (2.75, "# ?/?", "2 3/4"),
        (0.000123, "0.00E+00", "1.23E-04"),
        (-0.001, "0.0", "0.0"),
        (1.5, "[h]:mm", "36:00"),
        (-0.5, "[mm]:ss", "-720:00"),
        (0.04311342592592592, "mm:ss", "02:05"),
        (0.585, "h:mm AM/PM", "14:02"),
        (1, "d.m.yyyy", "1900-01-01"),
        (59, "d.m.yyyy", "1900-02-28"),
        (60, "d.m.yyyy", "1900-02-29"),
        (61, "d.m.yyyy", "1900-03-01"),
        (46_000.6, "d.m.yyyy", "2025-12-09"),
        (46_000.6, "d.m.yyyy h:mm", "2025-12-09 14:24"),
        (7, "[Red]0;[Blue]-0", "7"),
        (3, '0" pcs"', "3 pcs"),
        (1e21, "General", "1e+21"),
        (83.46 / 86_400, "mm:ss.0", "01:23.5"),
        (3.5 / 86_400, "ss.000", "00:03.500"),
        (5_400.25 / 86_400, "[m]:ss.00", "90:00.25"),
        (0, "0;-0;;@", ""),
        (0, '#,##0;-#,##0;""', ""),
        (5, ";;;", "5"),
        (-0.0, "0;-0;;@", ""),
    ],
)  # fmt: skip
def test_a_number_looks_as_its_format_says(value: float, code: str, said: str) -> None:
    assert shown(value, code) == said


def test_where_days_count_from_1904_the_first_is_its_first() -> None:
    assert shown(0, "yyyy-mm-dd", from_1904=True) == "1904-01-01"


@given(st.floats(allow_nan=True), st.text(st.sampled_from('0#?.,%"\\[]<>=;@E+-/dmyhsAP General$€'), max_size=30))
def test_any_number_in_any_format_is_some_text(value: float, code: str) -> None:
    with suppress(ValueError, ArithmeticError):  # told by whoever reads the cell, which then stands as it is stored
        assert isinstance(shown(value, code), str)
