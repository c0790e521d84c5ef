"""The console: what an administrator keeps open. One module with its queries and pages for each part."""

from adapters.web.console.menu import console_part
from adapters.web.console.operations import Console, Operations

__all__ = ["Console", "Operations", "console_part"]
