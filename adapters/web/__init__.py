"""The browser playground."""

from adapters.web.playground import Playground, PlaygroundOptions

__all__ = ["Playground", "PlaygroundOptions"]
