"""Composition root: opens everything in order and closes it in reverse; only it sees the concrete classes."""

from bot.app.operator_commands import (
    check_all,
    current_rates,
    migrate_database,
    open_database,
    parameters_at,
    reconcile,
    spending,
)
from bot.app.platform_registry import PLATFORMS, ConfiguredPlatform, configure, load_specs, try_out
from bot.app.serve import listen, run, serve_web, work
from bot.app.stop_signals import Interrupted

__all__ = [
    "PLATFORMS",
    "ConfiguredPlatform",
    "Interrupted",
    "check_all",
    "configure",
    "current_rates",
    "listen",
    "load_specs",
    "migrate_database",
    "open_database",
    "parameters_at",
    "reconcile",
    "run",
    "serve_web",
    "spending",
    "try_out",
    "work",
]
