"""Use the Seed API, or any OpenAI-compatible one, as the model of the bot."""

from adapters.seed.account import UsageEvent, read_usage
from adapters.seed.client import SeedModel, open_seed
from adapters.seed.client_options import Environment, Pace, Retries, SeedOptions, Timeouts
from adapters.seed.context_size import watched_size
from adapters.seed.doctor import check_account, examine
from adapters.seed.key_check import check_key, check_reachable
from adapters.seed.rates import LiveRates, open_rates

__all__ = [
    "Environment",
    "LiveRates",
    "Pace",
    "Retries",
    "SeedModel",
    "SeedOptions",
    "Timeouts",
    "UsageEvent",
    "check_account",
    "check_key",
    "check_reachable",
    "examine",
    "open_rates",
    "open_seed",
    "read_usage",
    "watched_size",
]
