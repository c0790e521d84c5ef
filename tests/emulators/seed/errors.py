"""Refusals of the API: one exception and its two envelopes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """A request is answered with `status` and an error envelope.

    `code` and `kind` are the envelope's `code` and `type`; `retry_after` becomes the header when it is given.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        kind: str,
        param: str | None = None,
        retry_after: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.kind = kind
        self.param = param
        self.retry_after = retry_after


# The gateway's codes; the statuses of the last three are an inference (API reference, section 1.5).
_GATEWAY: Mapping[str, tuple[int, str]] = {
    "missing_api_key": (401, "authentication_error"),
    "invalid_api_key": (401, "authentication_error"),
    "insufficient_credits": (402, "insufficient_credits_error"),
    "rate_limit_exceeded": (429, "rate_limit_error"),
    "model_not_found": (404, "invalid_request_error"),
    "model_unavailable": (503, "api_error"),
    "upstream_error": (502, "api_error"),
}

# Anthropic's error types by status, https://docs.anthropic.com/en/api/errors.
_ANTHROPIC_TYPES: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
}


def gateway_error(code: str, message: str, *, retry_after: str | None = None) -> ApiError:
    """An error that the gateway itself gives."""
    status, kind = _GATEWAY[code]
    return ApiError(status, code, message, kind=kind, retry_after=retry_after)


def bad_request(code: str, message: str, *, param: str = "") -> ApiError:
    """A 400 of the model's provider, passed on by the gateway."""
    return ApiError(400, code, message, kind="BadRequest", param=param)


def missing(name: str) -> ApiError:
    """The provider's answer to an absent, null or empty field."""
    return bad_request("MissingParameter", f"The request failed because it is missing `{name}` parameter.", param=name)


def invalid(name: str, why: str, *, code: str = "InvalidParameter") -> ApiError:
    """The provider's answer to a value outside its range."""
    return bad_request(code, f"The parameter `{name}` specified in the request is not valid: {why}.", param=name)


def openai_envelope(error: ApiError, request_id: str) -> dict[str, Any]:
    """`{"error": {...}}`, as on chat completions and responses; the provider's texts end with the request id."""
    message = f"{error.message} Request id: {request_id}" if error.kind == "BadRequest" else error.message
    return {"error": {"message": message, "type": error.kind, "code": error.code, "param": error.param}}


def anthropic_envelope(error: ApiError, request_id: str) -> dict[str, Any]:
    """`{"type": "error", "error": {...}}`, as on messages; the code stands before the text."""
    kind = _ANTHROPIC_TYPES.get(error.status, "api_error")
    body = {"type": kind, "message": f"{error.code}: {error.message}"}
    return {"type": "error", "error": body, "request_id": request_id}
