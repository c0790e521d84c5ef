"""How many examples the property tests try: a suite that passes every time, and a long search by its own command.

The suite tries the same examples each time and does not shrink what fails: what it takes is bounded, and neither chance
nor a folder of earlier failures decides whether a fresh clone passes. `make test-deep` tries fifty times as many, other
ones each time, and shrinks what it finds; what it has found stands as `@example` at the test that it broke.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from hypothesis import HealthCheck, Phase, settings

EXAMPLES: Final = 100
DEEPER: Final = int(os.environ.get("DEEPER", "50"))
SUITE: Final = "suite"
DEEP: Final = "deep"
TOO_SLOW: Final = HealthCheck.too_slow  # it times the machine, and a busy one would fail the test


def register_profiles() -> None:
    """Make both profiles known, and load the one of the suite (the other one: `--hypothesis-profile=deep`)."""
    settings.register_profile(
        SUITE,
        deadline=None,
        suppress_health_check=[TOO_SLOW],
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
    )
    settings.register_profile(
        DEEP,
        deadline=None,
        suppress_health_check=[TOO_SLOW],
        max_examples=EXAMPLES * DEEPER,
        derandomize=False,
        print_blob=True,
    )
    settings.load_profile(SUITE)


def examples(count: int = EXAMPLES, *, suppress: Sequence[HealthCheck] = ()) -> settings:
    """Settings of a test that tries `count` examples in the suite, and more by as much as the profile in force."""
    return settings(
        max_examples=count * settings().max_examples // EXAMPLES, suppress_health_check=[TOO_SLOW, *suppress]
    )
