"""Hear sound by way of a server: whether its model takes it, and its transcriptions where it has them."""

from __future__ import annotations

import io
import logging
import re
import wave
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from adapters.seed import json_coerce
from adapters.seed.api_errors import UNREACHED, ProblemError, ProblemKind
from adapters.seed.catalogue import NO_SUCH_ADDRESS, model_rows, row_of
from adapters.seed.client import SeedModel
from adapters.seed.protocols.response import reported_cost, usage_of
from bot.context.tokens import SECOND_OF_SOUND
from bot.types import Media, Transcription, Usage

logger = logging.getLogger(__name__)

TRANSCRIPTIONS: Final = "/audio/transcriptions"
TRANSCRIBER: Final = "whisper-1"
"""The model of the published interface (OpenAI, createTranscription); a gateway with another maps this name to it."""

ASK_AGAIN_SECONDS: Final = 3_600.0
_SAMPLES: Final = 16_000
JOB_ASKED: Final = 20
"""How often a job is asked for its text, once a second at first: the gateway may transcribe in the background."""


class SeedSounds:
    """A `SoundReader` over one server. What it cannot do is asked again after an hour."""

    def __init__(self, model: SeedModel) -> None:
        self._model = model
        self._takes: bool | None = None
        self._asked_at = self._refused_at = float("-inf")

    async def takes_sound(self) -> bool:
        """Return whether the server lists sound among what its model takes, and this protocol can carry it."""
        if not self._model.carries_sound:
            return False
        now = self._model.options.surroundings.monotonic()
        if self._takes is None or now - self._asked_at > ASK_AGAIN_SECONDS:
            self._asked_at = now
            self._takes = await self._is_listed()
        return self._takes

    @property
    def transcriber(self) -> str:
        """The name of the model that transcribes."""
        return TRANSCRIBER

    async def transcribe(self, sound: Media) -> Transcription | None:
        """Return what is said in a sound; None where the server transcribes nothing, or refused this one.

        What was cut after it was sent may be billed all the same.
        """
        now = self._model.options.surroundings.monotonic()
        if now - self._refused_at < ASK_AGAIN_SECONDS:
            return None
        accepted = False
        try:
            told = await self._post(_file_name(sound), sound.data, sound.media_type)
            accepted = True
            answer = await self._answered(told)
        except ProblemError as trouble:
            problem = trouble.problem
            if problem.status in NO_SUCH_ADDRESS and not accepted:
                self._refused_at = now
            logger.info("a sound was not transcribed", extra={"status": problem.status, "code": problem.code})
            was_sent = accepted or (problem.kind is ProblemKind.CUT and problem.code not in UNREACHED)
            return Transcription(text="", usage=usage_in({}, sound)) if was_sent else None
        return Transcription(text=json_coerce.text(answer.get("text")), usage=usage_in(answer, sound))

    async def can_transcribe(self) -> bool:
        """Return whether the server transcribes a tenth of a second of silence."""
        try:
            await self._post("sound.wav", silence(), "audio/wav")
        except ProblemError:
            return False
        return True

    async def _post(self, name: str, data: bytes, media_type: str) -> Any:
        form = {"model": TRANSCRIBER}
        return await self._model.http.post_form(TRANSCRIPTIONS, form, {"file": (name, data, media_type)})

    async def _is_listed(self) -> bool:
        try:
            row = row_of(await model_rows(self._model.http, self._model.name), self._model.name)
        except ProblemError:
            return False
        return takes_audio(json_coerce.mapping(row))

    async def _answered(self, told: Any) -> Mapping[str, Any]:
        """Return a transcription, waiting for it where it is made in the background."""
        answer = json_coerce.mapping(told)
        for asked in range(JOB_ASKED):
            if "text" in answer or not answer.get("id"):
                break
            await self._model.options.surroundings.sleep(min(1.0 + asked / 2, 5.0))
            answer = json_coerce.mapping(await self._model.http.get(f"{TRANSCRIPTIONS}/{answer['id']}"))
        return answer


def usage_in(answer: Mapping[str, Any], sound: Media) -> Usage:
    """Return the usage of a transcription: by the seconds or tokens that it states, else by the length of the sound.

    It is an estimate where no cost is stated, since no list has the price (OpenAI, "Transcription object").
    """
    stated = json_coerce.mapping(answer.get("usage"))
    seconds = json_coerce.count(stated.get("seconds"))
    tokens = sound.tokens if seconds is None else seconds * SECOND_OF_SOUND
    counted = usage_of(stated) or Usage(input=tokens)
    cost = reported_cost(stated, answer)
    return replace(counted, reported_cost=cost, estimated=cost is None)


def silence() -> bytes:
    """Return the shortest sound that servers take."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_SAMPLES)
        sound.writeframes(bytes(2 * _SAMPLES // 10))
    return file.getvalue()


def takes_audio(row: Mapping[str, Any]) -> bool:
    """Return whether a model's row lists sound, in the words of this gateway or of OpenRouter."""
    architecture = json_coerce.mapping(row.get("architecture"))
    listed = [*json_coerce.items(row.get("input_modalities")), *json_coerce.items(architecture.get("input_modalities"))]
    return "audio" in listed or json_coerce.mapping(row.get("capabilities")).get("audio_input") is True


def _file_name(sound: Media) -> str:
    """Return a name that says the format alone: servers know it by the ending."""
    return f"sound.{re.sub(r'[^a-z0-9]', '', sound.media_type.rpartition('/')[2])}"
