"""Gather the pictures that lie in a document, as far as they fit: sent beside its text, or named in it."""

from __future__ import annotations

import hashlib
from typing import Final

from adapters.media import media_limits
from adapters.media.images import LOSSY, image_media, open_image
from adapters.media.job import FileNote, Job
from adapters.media.kinds import kind_of
from bot.types import Media
from bot.types.said import Said

NOT_SHOWN: Final = "picture, not shown"


class Pictures:
    """Pictures of one document, in order, each once; `mark` says what stands for one in the text."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._marks: dict[bytes, str] = {}
        self._tokens = self._bytes = self._left_out = 0
        self.media: list[Media] = []

    @property
    def notes(self) -> list[FileNote]:
        """What is to be said about the pictures that are not sent."""
        if not self._left_out:
            return []
        if "image" not in self._job.rules.takes:
            return [FileNote(Said("its pictures are not shown, since the model in use takes none"))]
        return [
            FileNote(
                Said("{count} of its pictures left out", count=self._left_out),
                Said("Attach the pictures that matter on their own."),
            )
        ]

    def mark(self, data: bytes, described: str = "") -> str:
        """Return what stands in the text for a picture, and take it along where it fits; "" for mere decoration."""
        digest = hashlib.sha256(data).digest()
        if digest not in self._marks:
            self._marks[digest] = self._taken(data)
        mark, words = self._marks[digest], " ".join(described.split())
        if not mark:
            return f"[picture: {words}]" if words else ""
        return f"[{mark}: {words}]" if words else f"[{mark}]"

    def _taken(self, data: bytes) -> str:
        """Return how a picture is called that is sent now, or that it is not shown; "" for mere decoration."""
        media = self._media(data)
        if media is None:
            return ""
        if not isinstance(media, Media) or not self._fits(media):
            self._left_out += 1
            return NOT_SHOWN
        self.media.append(media)
        return f"picture {len(self.media)}"

    def _media(self, data: bytes) -> Media | str | None:
        """Return a picture made ready, `NOT_SHOWN` where it cannot be sent, None for one too small to say anything."""
        kind = kind_of(data)
        if kind.room != "image":
            return NOT_SHOWN
        try:
            image, _ = open_image(kind.name, data, self._job.terms.image_detail)
            if image.width * image.height < media_limits.DECORATION_PIXELS:
                return None
            if self._is_full():
                return NOT_SHOWN
            name = f"{self._job.name}, picture {len(self.media) + 1}"
            return image_media(name, image, self._job.terms, lossy=kind.name in LOSSY)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - a picture that cannot be read leaves its document whole
            return NOT_SHOWN

    def _is_full(self) -> bool:
        return "image" not in self._job.rules.takes or len(self.media) >= media_limits.PICTURE_PAGES

    def _fits(self, media: Media) -> bool:
        terms = self._job.terms
        tokens, size = self._tokens + media.tokens, self._bytes + len(media.data)
        if tokens > terms.media_tokens or size > terms.media_bytes:
            return False
        self._tokens, self._bytes = tokens, size
        return True
