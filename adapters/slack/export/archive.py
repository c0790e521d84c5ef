"""Read a Slack export, a ZIP file of JSON lists, without unpacking it and within limits on its size.

Layout: https://slack.com/help/articles/220556107-How-to-read-Slack-data-exports
"""

from __future__ import annotations

import json
import re
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from bot.errors import InvalidInput

_INDEX = "channels.json"
_DAY = re.compile(r"(?P<folder>[^/]+)/\d{4}-\d{2}-\d{2}\.json")
_ENCRYPTED = 0x1  # bit 0 of the flags: ZIP application note, 4.4.4


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportLimits:
    """Limits on what an export unpacks to, in bytes; from `ratio_from` on, `ratio` bytes may come of one.

    A busy day of a large channel has some megabytes. JSON packs to a tenth or so, and no packer gets below 1 : 1,032.
    """

    file: int = 64 * 2**20
    total: int = 8 * 2**30
    ratio: int = 250
    ratio_from: int = 16 * 2**20
    files: int = 1_000_000


class ExportArchive:
    """The lists in a Slack export, by name; any read can raise `InvalidInput`, which names the file."""

    def __init__(self, archive: ZipFile, name: str, limits: ExportLimits) -> None:
        self.name = name
        self._archive = archive
        self._root = self._find_root()
        self._check_sizes(limits)
        self._days: defaultdict[str, list[str]] = defaultdict(list)
        for member in sorted(archive.namelist()):
            day = _DAY.fullmatch(member.removeprefix(self._root))
            if day and member.startswith(self._root):
                self._days[day["folder"]].append(member.removeprefix(self._root))

    def days(self, folder: str) -> Sequence[str]:
        """Return the files with the messages of a channel, oldest first."""
        return self._days.get(folder, ())

    def read(self, name: str, *, optional: bool = False) -> list[object]:
        """Return the records in a file, without what is no record; [] for an optional file that is not there."""
        member = self._root + name
        try:
            value = json.loads(self._archive.read(member))
        except KeyError:
            if optional:
                return []
            raise self.refuse(f"it has no {name}") from None
        except (BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
            raise self.refuse(f"{name} in it is damaged ({error})") from error
        except (ValueError, RecursionError) as error:
            raise self.refuse(f"{name} in it is not valid JSON") from error
        if not isinstance(value, list):
            raise self.refuse(f"{name} in it holds no list")
        return [record for record in value if isinstance(record, dict)]

    def refuse(self, reason: str) -> InvalidInput:
        """Return the error that names this file and what is wrong with it."""
        return _refuse(self.name, reason)

    def _find_root(self) -> str:
        """Return the folder that the export lies in: "" as Slack makes it, another when it was packed again by hand."""
        found = [name for name in self._archive.namelist() if name == _INDEX or name.endswith(f"/{_INDEX}")]
        if not found:
            raise self.refuse(f"it has no {_INDEX}")
        return min(found, key=lambda name: (name.count("/"), name)).removesuffix(_INDEX)

    def _check_sizes(self, limits: ExportLimits) -> None:
        files = self._archive.infolist()
        total = sum(file.file_size for file in files)
        packed = sum(file.compress_size for file in files)
        if len(files) > limits.files or total > limits.total:
            raise self.refuse(f"it unpacks to {len(files):,} files with {total:,} bytes, which is too much")
        if total > limits.ratio_from and total > limits.ratio * packed:
            raise self.refuse(f"its {packed:,} bytes unpack to {total:,}, which no real export does")
        for file in files:
            if file.flag_bits & _ENCRYPTED:
                raise self.refuse("it is encrypted; unpack it with its password and pack it again without one")
            if file.filename.endswith(".json") and file.file_size > limits.file:
                raise self.refuse(f"{file.filename!r} in it is larger than {limits.file // 2**20} MiB")


def _refuse(name: str, reason: str) -> InvalidInput:
    return InvalidInput(f"{name!r} cannot be imported as a Slack export: {reason}.")


@contextmanager
def open_archive(path: Path, limits: ExportLimits) -> Iterator[ExportArchive]:
    """Yield the export at `path`. Raises `InvalidInput` when it is none."""
    try:
        archive = ZipFile(path)
    except FileNotFoundError:
        raise _refuse(path.name, "there is no such file") from None
    except (BadZipFile, ValueError, NotImplementedError) as error:
        raise _refuse(path.name, "it is not a ZIP file") from error
    except OSError as error:
        raise _refuse(path.name, f"it cannot be read ({error.strerror})") from error
    with archive:
        yield ExportArchive(archive, path.name, limits)
