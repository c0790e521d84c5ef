"""A stand-in for the Seed 2.0 Lite API at the EmpirioLabs gateway, for tests and demonstrations.

It checks requests, counts and caches tokens, bills, searches and fails as the API does; its answers come from rules
(`answers`), not from a model. Where the API leaves a shape open, `Options` chooses.
"""

from tests.emulators.seed.options import API_KEY, MODEL, Options
from tests.emulators.seed.server import RunningSeed, running_seed

__all__ = ["API_KEY", "MODEL", "Options", "RunningSeed", "running_seed"]
