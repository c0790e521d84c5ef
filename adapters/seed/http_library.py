"""The HTTP library, imported here and nowhere else, so that another one of the same interface can take its place.

httpx has had no release since December 2024 and takes no outside fixes; httpx2 is maintained and called the same.

It loads its own command line where it can, and with that click, rich and Pygments: a tenth of every start, and nothing
here has a use for it. A module that is None cannot be imported, and httpx goes on without it.
"""

import sys

sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # typed as if there were modules alone

import httpx  # noqa: E402 - what it must not load is said before

__all__ = ["httpx"]
