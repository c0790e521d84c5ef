"""Create files and folders that only their owner may read, from the first moment, whatever the umask."""

from __future__ import annotations

import logging
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

logger = logging.getLogger(__name__)

FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700
OTHERS: Final = 0o077  # what the group and everybody else may do


def make_private_folder(folder: Path) -> None:
    """Make a folder that is missing, with those above it, or close one that is open to others. Raises `OSError`."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=FOLDER_MODE)
    except FileExistsError:
        tighten(folder, FOLDER_MODE)


def make_private_file(file: Path) -> None:
    """Make an empty file. Raises `FileExistsError` when it is there, and `OSError`."""
    descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE)
    try:
        os.fchmod(descriptor, FILE_MODE)  # a narrower umask would lock us out
    finally:
        os.close(descriptor)


def keep_private(file: Path, start: bytes = b"") -> None:
    """Make a file that is missing, and close one that is open to others and is ours: empty, or beginning with `start`.

    Raises `OSError`.
    """
    try:
        make_private_file(file)
    except FileExistsError:
        if file.is_file() and _begins_with(file, start):
            tighten(file, FILE_MODE)


def _begins_with(file: Path, start: bytes) -> bool:
    with file.open("rb") as content:
        return content.read(len(start)) in (start, b"")


def tighten(path: Path, mode: int) -> None:
    """Take from others what they may do with a file or folder of ours, and log it; nothing when it is missing.

    What everybody needs is never ours: devices like /dev/null, and folders that people share like /tmp.
    """
    with suppress(FileNotFoundError):
        before = path.stat().st_mode
        is_shared = before & stat.S_ISVTX or not (stat.S_ISREG(before) or stat.S_ISDIR(before))
        if is_shared or not before & OTHERS:
            return
        try:
            path.chmod(stat.S_IMODE(before) & mode)
        except PermissionError:
            logger.warning("others can read this file, and only its owner can change that", extra={"path": str(path)})
        else:
            logger.warning("others could read this file; now only its owner can", extra={"path": str(path)})


def kept_secret(file: Path) -> str:
    """Return the secret in a file, made when there is none; all who start at once get the same. Raises `OSError`."""
    make_private_folder(file.parent)
    tighten(file, FILE_MODE)
    if file.exists() and not file.read_text():
        file.unlink()  # left by a start that was killed in between
    if not file.exists():
        fresh = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
        make_private_file(fresh)
        fresh.write_text(secrets.token_urlsafe(32))
        with suppress(FileExistsError):  # another process was faster; a rename would replace its secret
            file.hardlink_to(fresh)
        fresh.unlink()
    return file.read_text()
