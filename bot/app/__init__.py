"""The composition root: opens everything in order, closes it in reverse; only it sees the concrete classes."""

from bot.app.asking import Asked, Interrupted, Question, ask
from bot.app.operating import (
    check_all,
    current_rates,
    import_slack_export,
    migrate_database,
    parameters_at,
    reconcile,
    spending,
)
from bot.app.running import run, serve_discord, serve_slack, serve_web, work

__all__ = [
    "Asked",
    "Interrupted",
    "Question",
    "ask",
    "check_all",
    "current_rates",
    "import_slack_export",
    "migrate_database",
    "parameters_at",
    "reconcile",
    "run",
    "serve_discord",
    "serve_slack",
    "serve_web",
    "spending",
    "work",
]
