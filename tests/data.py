"""Where the tests find the data that is kept beside the project."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "SEEDLING_TEST_DATA"
BESIDE = Path(__file__).parents[2] / "shared" / "data"


def data_folder() -> Path:
    """The folder with the data, whether it is there or not."""
    return Path(os.environ.get(VARIABLE) or BESIDE)
