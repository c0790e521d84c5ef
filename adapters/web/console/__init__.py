"""The console: what an administrator keeps open. One module with its queries and pages for each part."""

from adapters.web.console.operations import Console, Operations, Process
from adapters.web.console.pages import console_part

__all__ = ["Console", "Operations", "Process", "console_part"]
