"""The HTTP library, imported here and nowhere else, so that another one of the same interface can take its place.

httpx has had no release since December 2024 and takes no outside fixes; httpx2 is maintained and called the same.
"""

import httpx

__all__ = ["httpx"]
