"""Body of an answer, as server-sent events whatever its label says: what came is looked at, not believed.

Servers send event streams as JSON or HTML, whole JSON as text or without a label, one JSON document a line, and
compressed bodies that nobody asked for.
"""

from __future__ import annotations

import asyncio
import json
import re
import zlib
from collections.abc import AsyncIterator

from adapters.seed.api_errors import Problem, ProblemError, ProblemKind, problem_from_body, problem_of_connection
from adapters.seed.http_library import httpx
from adapters.seed.sse import BYTE_ORDER_MARK

MAX_BODY_BYTES = 32 * 1024 * 1024
PAGE_BYTES = 64 * 1024  # of a page that came in place of an answer
GZIP = b"\x1f\x8b"
DECODED = frozenset({"", "identity", "gzip", "deflate"})  # what is read without further libraries
_FIELD = re.compile(rb"(data|event|error|id|retry)?:|(data|event|id|retry)[\r\n]")
_LONGEST_FIELD = len(b"event:")


def check_encoding(encoding: str) -> None:
    """Raise `ProblemError` for a compression that nobody asked for and that cannot be read."""
    unread = {name.strip().lower() for name in encoding.split(",")} - DECODED
    if unread:
        detail = f"it compresses its answers with {', '.join(sorted(unread))}, which was not asked for"
        raise ProblemError(Problem(kind=ProblemKind.INVALID, code="content_encoding", detail=detail))


class Body:
    """The body of an answer that began well: server-sent events, in the pieces that the network brought."""

    __slots__ = ("_begun", "_pieces", "_unzip", "_usual_limit", "request_id")

    def __init__(self, response: httpx.Response, usual_limit: float, request_id: str | None) -> None:
        # Without an encoding the stream below httpx's decoders gives the same bytes at half the price.
        source = response.aiter_bytes if "content-encoding" in response.headers else response.stream.__aiter__  # type: ignore[union-attr]  # an async client's stream
        self._pieces: AsyncIterator[bytes] = source()
        self._usual_limit = usual_limit
        self._begun = False
        self._unzip: zlib._Decompress | None = None
        self.request_id = request_id

    async def read(self, limit: float) -> bytes:
        """Return the next piece, b"" at the end. Raises `ProblemError` when nothing came for `limit` seconds, the line
        broke, or what came is no answer.
        """
        try:
            if not self._begun:
                return await self._read_beginning(limit)
            if limit >= self._usual_limit:  # the connection's own timeout is cheaper than one more timer
                return await self._read_piece()
            async with asyncio.timeout(limit):
                return await self._read_piece()
        except StopAsyncIteration:
            return b""
        except (httpx.HTTPError, TimeoutError) as error:
            raise ProblemError(problem_of_connection(error, limit)) from error

    async def _read_piece(self) -> bytes:
        while not (piece := await self._pieces.__anext__()):
            pass  # an empty piece is not the end
        if self._unzip is None:
            return piece
        try:
            return self._unzip.decompress(piece, MAX_BODY_BYTES) or await self._read_piece()
        except zlib.error as error:
            raise ProblemError(Problem(kind=ProblemKind.CUT, what="the model API sent a damaged body")) from error

    async def _read_beginning(self, limit: float) -> bytes:
        """Return the first piece that tells what kind of body this is, all of it where it is no stream."""
        self._begun = True
        start = b""
        async with asyncio.timeout(limit):
            while len(bare := start.removeprefix(BYTE_ORDER_MARK).lstrip()) < _LONGEST_FIELD:
                try:
                    start += await self._read_piece()
                except StopAsyncIteration:
                    if not bare:
                        raise
                    break
                if start.startswith(GZIP) and self._unzip is None:
                    self._unzip = zlib.decompressobj(wbits=31)
                    start = self._unzip.decompress(start, MAX_BODY_BYTES)
        return start if _FIELD.match(bare) else await self._read_whole(bare, limit)

    async def _read_whole(self, start: bytes, limit: float) -> bytes:
        """Return an answer that came in one piece, or in lines of JSON, although a stream was asked for, as events."""
        is_json = start[:1] in b"{["
        whole = bytearray(start)
        async with asyncio.timeout(limit):
            async for piece in self._rest():
                whole += piece
                if len(whole) > (MAX_BODY_BYTES if is_json else PAGE_BYTES):
                    break
        if not is_json:
            raise ProblemError(
                problem_from_body(bytes(whole), status=200, request_id=self.request_id, retry_after=None)
            )
        if len(whole) > MAX_BODY_BYTES:
            raise ProblemError(Problem(kind=ProblemKind.BUSY, what="the model API sent more than any answer needs"))
        documents = _documents(bytes(whole))
        if len(documents) == 1:
            documents.append(b"[DONE]")  # a whole answer has its end, told or not
        return b"".join(b"data: " + re.sub(rb"[\r\n]", b" ", document) + b"\n\n" for document in documents)

    async def _rest(self) -> AsyncIterator[bytes]:
        while True:
            try:
                yield await self._read_piece()
            except StopAsyncIteration:
                return


def _documents(whole: bytes) -> list[bytes]:
    """Return the JSON documents of a body: one a line where the first line is one, else all of it."""
    lines = [line for line in whole.splitlines() if line.strip()]
    return lines if len(lines) > 1 and _is_json(lines[0]) else [whole]


def _is_json(document: bytes) -> bool:
    try:
        json.loads(document)
    except (ValueError, RecursionError):
        return False
    return True
