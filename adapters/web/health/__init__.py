"""Say to machines whether a process lives, is ready, and how it does."""

from adapters.web.health.health_app import health_app
from adapters.web.health.metrics import Metrics, ObservedModel
from adapters.web.health.readiness import Readiness

__all__ = ["Metrics", "ObservedModel", "Readiness", "health_app"]
