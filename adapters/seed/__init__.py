"""The Seed API, and any OpenAI-compatible one, as a model of the bot."""

from adapters.seed.key_check import check_key
from adapters.seed.account import UsageEvent, read_usage
from adapters.seed.client import SeedModel, open_seed
from adapters.seed.context_size import watched_size
from adapters.seed.doctor import examine
from adapters.seed.client_options import Pace, Retries, SeedOptions, Environment, Timeouts
from adapters.seed.rates import LiveRates, open_rates

__all__ = [
    "LiveRates",
    "Pace",
    "Retries",
    "SeedModel",
    "SeedOptions",
    "Environment",
    "Timeouts",
    "UsageEvent",
    "check_key",
    "examine",
    "open_rates",
    "open_seed",
    "read_usage",
    "watched_size",
]
