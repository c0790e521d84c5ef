"""Run the embedded model, a small real one, so that the bot answers on a fresh machine without an account."""

from __future__ import annotations

from adapters.local.embedded_model import MODEL_NAME, LocalServer, find_weights, open_local

__all__ = ["MODEL_NAME", "LocalServer", "find_weights", "open_local"]
