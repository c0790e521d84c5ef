"""Refusals in Discord's words; the codes are those of its documentation (topics/opcodes-and-status-codes)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class ApiError(Exception):
    """A refusal: HTTP status, Discord's code, its message and, for a wrong form, the tree of errors."""

    def __init__(
        self, status: int, code: int, message: str, *, errors: Any = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors
        self.retry_after = retry_after

    def body(self) -> dict[str, Any]:
        """The error as it is sent."""
        body: dict[str, Any] = {"message": self.message, "code": self.code}
        if self.errors is not None:
            body["errors"] = self.errors
        if self.retry_after is not None:
            body |= {"retry_after": self.retry_after, "global": False}
        return body


def unauthorised() -> ApiError:
    """The token is missing or wrong."""
    return ApiError(401, 0, "401: Unauthorized")


def no_route() -> ApiError:
    """There is no such path."""
    return ApiError(404, 0, "404: Not Found")


def unknown(what: str) -> ApiError:
    """The thing does not exist; `what` is a key of `UNKNOWN`."""
    return ApiError(404, UNKNOWN[what], f"Unknown {what}")


UNKNOWN = {
    "Application": 10002,
    "Channel": 10003,
    "Guild": 10004,
    "Member": 10007,
    "Message": 10008,
    "User": 10013,
    "Emoji": 10014,
    "Webhook": 10015,
    "Interaction": 10062,
    "Application Command": 10063,
}


def missing_access() -> ApiError:
    """The bot cannot see it."""
    return ApiError(403, 50001, "Missing Access")


def missing_permissions() -> ApiError:
    """The bot may not do that."""
    return ApiError(403, 50013, "Missing Permissions")


def wrong_form(path: Iterable[str | int], code: str, message: str) -> ApiError:
    """The body is not as it must be, at `path`."""
    return wrong_forms([(path, code, message)])


def wrong_forms(problems: Iterable[tuple[Iterable[str | int], str, str]]) -> ApiError:
    """Several places of the body are not as they must be."""
    tree: dict[str, Any] = {}
    for path, code, message in problems:
        place = tree
        for step in path:
            place = place.setdefault(str(step), {})
        place.setdefault("_errors", []).append({"code": code, "message": message})
    return ApiError(400, 50035, "Invalid Form Body", errors=tree)
