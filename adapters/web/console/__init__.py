"""The console: what an administrator keeps open. One module with its queries and pages for each part."""

from adapters.web.console.operations import Console, Operations
from adapters.web.console.pages import console_part

__all__ = ["Console", "Operations", "console_part"]
