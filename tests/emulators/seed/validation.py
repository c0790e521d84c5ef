"""Checks that the three wires share: parameters by the product's table, messages and their parts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from bot.parameters import PARAMETERS, Parameter
from tests.emulators.seed import media
from tests.emulators.seed.errors import bad_request, invalid, missing
from tests.emulators.seed.request import Part, Role, Settings

Body = Mapping[str, Any]

WIRE_PARAMETERS: Mapping[str, Parameter] = {name: each for name, each in PARAMETERS.items() if each.wire}

# Fixed by the server: a value in range is taken and passed over (product page).
FIXED: Mapping[str, tuple[float, float]] = {"temperature": (0, 2), "top_p": (0, 1)}

ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}


def read_settings(body: Body, *, renamed: Mapping[str, str] | None = None, reject: Sequence[str] = ()) -> Settings:
    """The parameters in `body`, `renamed` telling where a wire calls one by another name. Raises `ApiError`."""
    values: dict[str, Any] = {}
    for name, parameter in WIRE_PARAMETERS.items():
        field = (renamed or {}).get(name, name)
        value = body.get(field)
        if value is None:
            continue
        if name in reject:
            why = f"The parameter `{field}` specified in the request is not supported by the model."
            raise bad_request("InvalidParameter.UnsupportedParameter", why, param=field)
        values[name] = _checked(parameter, field, value)
    for field, (low, high) in FIXED.items():
        if body.get(field) is not None:
            _number(field, body[field], low, high)
    if values.get("enable_thinking") is False and "reasoning_effort" in values:
        effort = values["reasoning_effort"]
        why = f"Invalid combination of reasoning_effort and thinking type: {effort} + disabled"
        raise bad_request("InvalidParameter", why, param="reasoning_effort")
    return Settings(**values)


def named(body: Body, renamed: Mapping[str, str]) -> Mapping[str, object]:
    """The model's parameters that `body` carries, by the product's names."""
    fields = {name: renamed.get(name, name) for name in WIRE_PARAMETERS}
    return {name: body[field] for name, field in fields.items() if field in body}


def _checked(parameter: Parameter, field: str, value: object) -> object:
    match parameter.kind:
        case "boolean":
            if not isinstance(value, bool):
                raise invalid(field, "expected a boolean")
            return value
        case "choice":
            if value not in parameter.choices:
                raise invalid(field, f"expected one of {', '.join(parameter.choices)}")
            return value
        case "list":
            return _stops(parameter, field, value)
        case "integer" if isinstance(value, bool) or not isinstance(value, int):
            raise invalid(field, "expected an integer")
        case _:
            return _number(field, value, parameter.low, parameter.high)


def _stops(parameter: Parameter, field: str, value: object) -> tuple[str, ...]:
    """The product takes `stop` as one string, its items separated by commas."""
    if not isinstance(value, str):
        raise invalid(field, "expected a string, with commas between the sequences")
    items = tuple(item.strip() for item in value.split(",") if item.strip())
    if not items or len(items) > (parameter.high or 0):
        raise invalid(field, f"expected 1 to {parameter.high:g} sequences")
    return items


def _number(field: str, value: object, low: float | None, high: float | None) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        raise invalid(field, "expected a number")
    if low is not None and value < low:
        raise invalid(field, f"value below minimum, expected a value >= {low:g}, but got {value} instead")
    if high is not None and value > high:
        raise invalid(field, f"value above maximum, expected a value <= {high:g}, but got {value} instead")
    return value


def flag(body: Body, name: str) -> bool:
    """A boolean field, False where it is absent. Raises `ApiError` for another type."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise invalid(name, "expected a boolean")
    return bool(value)


def text_of(body: Body, name: str, param: str = "") -> str:
    """A string that must be there and not be empty. Raises `ApiError`."""
    value = body.get(name)
    if value is None or value == "":
        raise missing(param or name)
    if not isinstance(value, str):
        raise invalid(param or name, "expected a string")
    return value


def mapping(value: object, param: str) -> Body:
    """A JSON object. Raises `ApiError` for anything else."""
    if not isinstance(value, dict):
        raise invalid(param, "expected an object")
    return value


def items_of(value: object, param: str) -> Sequence[Any]:
    """A JSON array with something in it. Raises `ApiError` for anything else."""
    if value is None or value in ([], ""):
        raise missing(param)
    if not isinstance(value, list):
        raise invalid(param, "expected an array")
    return value


def role_of(message: Body, param: str) -> Role:
    """The role of a message; "developer" is another word for system. Raises `ApiError`."""
    role = ROLES.get(text_of(message, "role", f"{param}.role"))
    if role is None:
        why = f"Unknown role {message['role']!r}."
        raise bad_request("InvalidArgumentError.UnknownRole", why, param=f"{param}.role")
    return role


def text_part(text: object, param: str) -> Part:
    """A text part. Raises `ApiError` when there is no text."""
    if not isinstance(text, str) or not text:
        raise missing(param)
    return Part(kind="text", text=text)


def image(url: object, holder: Body, settings: Settings, param: str) -> Part:
    """An image by its URL, with the `detail` and `image_pixel_limit` of the object that holds it."""
    if not isinstance(url, str) or not url:
        raise missing(param)
    return measured_image(media.read_source(url, "image", param), holder, settings, param)


def measured_image(source: media.Source, holder: Body, settings: Settings, param: str) -> Part:
    """An image whose bytes are known, as `image`."""
    detail = holder.get("detail") or settings.image_detail
    if detail not in media.DETAILS:
        why = f"Invalid image detail {detail!r}, expected one of {', '.join(media.DETAILS)}."
        raise bad_request("InvalidArgumentError.InvalidImageDetail", why, param=f"{param}.detail")
    return media.image_part(source, detail, _pixel_limit(holder.get("image_pixel_limit"), param), param)


def video(url: object, holder: Body, settings: Settings, param: str) -> Part:
    """A video by its URL, with the `fps` of the object that holds it."""
    if not isinstance(url, str) or not url:
        raise missing(param)
    return measured_video(media.read_source(url, "video", param), holder, settings, param)


def measured_video(source: media.Source, holder: Body, settings: Settings, param: str) -> Part:
    """A video whose bytes are known, as `video`."""
    fps = holder.get("fps")
    limits = WIRE_PARAMETERS["video_fps"]
    chosen = settings.video_fps if fps is None else _number(f"{param}.fps", fps, limits.low, limits.high)
    return media.video_part(source, chosen, param)


def document(holder: Body, param: str) -> Part:
    """A PDF by `file_data` or `file_url`. Raises `ApiError` for an uploaded file, which this server does not keep."""
    url = holder.get("file_data") or holder.get("file_url")
    if not isinstance(url, str):
        raise missing(f"{param}.file_data")
    name = holder.get("filename")
    return media.document_part(media.read_source(url, "document", param), name if isinstance(name, str) else "", param)


def _pixel_limit(value: object, param: str) -> tuple[int, int] | None:
    if value is None:
        return None
    limit = mapping(value, f"{param}.image_pixel_limit")
    low = limit.get("min_pixels", media.IMAGE_PIXELS[0])
    high = limit.get("max_pixels", media.IMAGE_PIXELS[1])
    whole = isinstance(low, int) and isinstance(high, int)
    if not whole or not media.IMAGE_PIXELS[0] <= low <= high <= media.IMAGE_PIXELS[1]:
        why = "Invalid image pixel limit."
        raise bad_request("InvalidArgumentError.InvalidPixelLimit", why, param=f"{param}.image_pixel_limit")
    return low, high
