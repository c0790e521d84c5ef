"""Read files that are compressed alone, and tar archives: what they hold by the same rules, in the bounds of ZIP."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Final

from adapters.media import media_limits
from adapters.media.containers import MEMBERS, is_beside, read_members
from adapters.media.job import DEEPEST, Job
from adapters.media.unreadable import Unreadable
from bot.types import ReadFile

_DICTIONARY_BYTES: Final = 64 * media_limits.MB  # of memory that unpacking XZ may take; what people pack takes less


def read_compressed(job: Job) -> ReadFile:
    """Return what a file of gzip, bzip2 or XZ holds, under its own name. Raises `Unreadable`."""
    _check_depth(job)
    most = job.rules.limits.archive_bytes
    try:
        data = _unpacked(job.form, job.data, most + 1)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise Unreadable("cannot be unpacked") from error
    if len(data) > most:
        raise Unreadable("unpacks to more than {size}", size=media_limits.megabytes(most))
    return job.read(replace(job, data=data, depth=job.depth + 1))


def _unpacked(form: str, data: bytes, most: int) -> bytes:
    if form == "XZ":
        return lzma.LZMADecompressor(memlimit=_DICTIONARY_BYTES).decompress(data, most)
    with (gzip.open if form == "gzip" else bz2.open)(io.BytesIO(data)) as file:
        return file.read(most)


def read_tape(job: Job) -> ReadFile:
    """Return the files of a tar archive, each under its name. Raises `Unreadable`."""
    _check_depth(job)
    try:
        with tarfile.open(fileobj=io.BytesIO(job.data), mode="r:") as archive:
            members = [
                item
                for item in islice(archive, job.rules.limits.archive_parts)
                if item.isfile() and not is_beside(item.name)
            ]
            sizes = [(item.name, item.size) for item in members]
            return read_members(job, sizes, _files(archive, members[:MEMBERS], job))
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise Unreadable("is broken (its archive cannot be opened)") from error


def _check_depth(job: Job) -> None:
    if job.depth >= DEEPEST:
        raise Unreadable("is an archive inside of an archive")


def _files(
    archive: tarfile.TarFile, members: Iterable[tarfile.TarInfo], job: Job
) -> Iterator[tuple[str, bytes | Unreadable]]:
    """Yield the members with their bytes, until they are more together than a file may unpack to."""
    left = job.rules.limits.archive_bytes
    for item in members:
        file = archive.extractfile(item)
        data = file.read(left + 1) if file else b""
        too_much = Unreadable("unpacks to more than {size}", size=media_limits.megabytes(left))
        yield item.name, too_much if len(data) > left else data
        left = max(0, left - len(data))
