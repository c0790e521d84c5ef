"""The web: the playground, and what its pages share with others."""

from adapters.web.playground.platform import Playground, PlaygroundOptions

__all__ = ["Playground", "PlaygroundOptions"]
