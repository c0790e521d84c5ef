"""Run conversations from procrastinate's job queue on PostgreSQL, in any number of processes.

A job says "see to this conversation"; its lock, the conversation, lets one process at a time do so. Nothing rests on
more than that: turns are claimed under an epoch, and whoever lost a claim writes nothing. procrastinate itself does
not fence its jobs, waits for polls between two jobs of a lock, and ends its worker when the database goes away;
`_Jobs` and the trigger in `storage.jobs` mend that.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import procrastinate
import psycopg
from procrastinate import jobs as procrastinate_jobs
from procrastinate import manager, worker

from bot.errors import StorageUnavailable
from bot.types import ConversationKey, TurnId
from storage.database import conninfo_of, name_of, parse_url
from storage.jobs import LIFE_LOCK, STOP_CHANNEL, TASK
from storage.notifications import listen
from storage.tables import KEY_COLUMNS

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 0.5
STALLED_SECONDS = 2.0
"""A process that has not been heard of for so long is taken for dead; if it is not, the epochs fence it."""

GONE_SECONDS = 0.8
"""The same for one whose connection has ended as well: long enough for its last writes to the platform to arrive."""

POLL_SECONDS = 0.5
"""A notification may get lost between two fetches of a worker; this bounds how long its job waits then."""

SWEEP_SECONDS = 5.0
"""How long a conversation may wait that has open turns and no job, as when a bug ended its runner."""

END_SECONDS = 3.0
"""How long the end of the queue waits for the database, in each of its steps."""

REST_SECONDS = 1.0
REGISTERED_SECONDS = 0.02
PRUNE_SECONDS = 86_400.0
"""Workers are forgotten late: one that was only held up would fail for want of its row."""

CONNECTIONS = 4

Drain = Callable[[ConversationKey], Awaitable[None]]
OnStop = Callable[[ConversationKey, Sequence[TurnId]], None]

_RESCUE = """
UPDATE procrastinate_jobs SET status = 'todo', worker_id = NULL, attempts = attempts + 1 WHERE id IN (
    SELECT job.id FROM procrastinate_jobs job LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
    WHERE job.status = 'doing'
        AND (
            worker.id IS NULL
            OR worker.last_heartbeat < now() - make_interval(secs => %(stalled)s)
            OR worker.last_heartbeat < now() - make_interval(secs => %(gone)s) AND NOT EXISTS (
                SELECT 1 FROM pg_locks
                WHERE locktype = 'advisory' AND classid = %(life)s AND objid = worker.id AND objsubid = 2
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            )
        )
    FOR UPDATE OF job SKIP LOCKED
) RETURNING id
"""

_SWEEP = """
SELECT procrastinate_defer_jobs_v1(array_agg(
    ROW(platform, %(task)s, 0, lock, NULL, args, NULL)::procrastinate_job_to_defer_v1
)) AS ids FROM (
    SELECT platform, concat_ws('/', platform, workspace, channel, thread) AS lock, jsonb_build_object(
        'platform', platform, 'workspace', workspace, 'channel', channel, 'thread', thread
    ) AS args
    FROM turn WHERE state IN ('queued', 'running') AND platform = ANY(%(platforms)s)
    GROUP BY platform, workspace, channel, thread
) conversation
WHERE NOT EXISTS (
    SELECT 1 FROM procrastinate_jobs job WHERE job.lock = conversation.lock AND job.status IN ('todo', 'doing')
)
HAVING count(*) > 0
"""

_FINISH = "DELETE FROM procrastinate_jobs WHERE id = %(id)s AND worker_id = %(worker)s AND status = 'doing'"


class _Jobs(manager.JobManager):
    """procrastinate's access to its tables, fenced, and steady while the database is away."""

    def __init__(self, connector: procrastinate.BaseConnector) -> None:
        super().__init__(connector)
        self.fetching = False

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> procrastinate_jobs.Job | None:
        """Return the next job, if we still take any."""
        if not self.fetching:
            return None
        try:
            return await super().fetch_job(queues, worker_id)
        except procrastinate.exceptions.ConnectorException as error:
            await _rest("fetching of conversations", error)
            return None

    async def finish_job(self, job: procrastinate_jobs.Job, *_: Any, **__: Any) -> None:
        """Remove a job, unless another worker has it by now: removing that would free a lock that is in use."""
        while True:
            try:
                await self.connector.execute_query_async(_FINISH, id=job.id, worker=job.worker_id)
            except procrastinate.exceptions.ConnectorException as error:
                await _rest("finishing of a conversation", error)
            else:
                return

    async def update_heartbeat(self, worker_id: int) -> None:
        """Say that we live."""
        try:
            await super().update_heartbeat(worker_id)
        except procrastinate.exceptions.ConnectorException as error:
            logger.warning("heartbeat failed", extra={"error": type(error).__name__})

    async def listen_for_jobs(self, **arguments: Any) -> None:
        """Hear of new jobs."""
        while True:
            try:
                await super().listen_for_jobs(**arguments)
            except procrastinate.exceptions.ConnectorException as error:
                await _rest("listening for conversations", error)


class Queue:
    """The conversations of some platforms, seen to by this process among others."""

    def __init__(self, database_url: str, platforms: Collection[str], drain: Drain, on_stop: OnStop) -> None:
        url = parse_url(database_url)
        self.name = name_of(url)
        self._url = database_url
        connector = procrastinate.PsycopgConnector(conninfo=conninfo_of(url), min_size=1, max_size=CONNECTIONS)
        self._app = procrastinate.App(connector=connector)
        self._jobs = self._app.job_manager = _Jobs(connector)
        self._platforms = sorted(platforms)
        self._drain = drain
        self._on_stop = on_stop
        self._open = True

    def close_entrance(self) -> None:
        """Take up no more conversations; those that are here go on."""
        self._open = self._jobs.fetching = False

    @asynccontextmanager
    async def serve(self, *, concurrency: int) -> AsyncIterator[None]:
        """See to conversations for as long as the context lasts, then until those that are here have ended."""

        async def see_to(**key: str) -> None:
            await self._drain(ConversationKey(**key))

        self._app.task(name=TASK)(see_to)
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(self._app.open_async())
            except (procrastinate.exceptions.ConnectorException, psycopg.Error) as error:
                raise StorageUnavailable(f"The queue in {self.name} cannot be used.") from error
            stack.push_async_callback(self._sweep_at_end)
            runner = self._make_worker(concurrency)
            tasks = [
                asyncio.create_task(runner.run(), name="worker"),  # type: ignore[no-untyped-call]  # procrastinate annotates some
                asyncio.create_task(self._show_life(runner), name="life"),
                asyncio.create_task(self._rescue(), name="rescue"),
                asyncio.create_task(self._sweep(), name="sweep"),
                asyncio.create_task(listen(self._url, STOP_CHANNEL, self._pass_on_stop), name="stops"),
            ]
            try:
                yield
            finally:
                self.close_entrance()
                runner.stop()  # type: ignore[no-untyped-call]  # the same
                # A worker waits for its jobs to be finished in the database, which may be away for longer than we live.
                await asyncio.wait(tasks[:1], timeout=END_SECONDS)
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks, timeout=END_SECONDS)

    def _make_worker(self, concurrency: int) -> worker.Worker:
        return worker.Worker(
            self._app,
            queues=self._platforms,
            concurrency=concurrency,
            fetch_job_polling_interval=POLL_SECONDS,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            stalled_worker_timeout=PRUNE_SECONDS,
            install_signal_handlers=False,
        )

    async def _show_life(self, runner: worker.Worker) -> None:
        """Hold a lock that ends with the process, so that others need not wait for its heartbeat to be missed.

        Nothing is taken up without it.
        """
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    conninfo_of(parse_url(self._url)), autocommit=True
                ) as own:
                    while runner.worker_id is None:  # noqa: ASYNC110 - the worker tells nobody when it has its id
                        await asyncio.sleep(REGISTERED_SECONDS)
                    await own.execute("SELECT pg_advisory_lock(%s, %s)", (LIFE_LOCK, runner.worker_id))
                    self._jobs.fetching = self._open
                    async for _ in own.notifies():  # none comes; this ends with the connection
                        pass
            except psycopg.Error as error:
                self._jobs.fetching = False
                await _rest("showing life", error)

    async def _rescue(self) -> None:
        """Hand on what dead processes were at; after an outage everybody first gets the time to be heard of again."""
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            try:
                rescued = await self._app.connector.execute_query_all_async(
                    _RESCUE, stalled=STALLED_SECONDS, gone=GONE_SECONDS, life=LIFE_LOCK
                )
            except procrastinate.exceptions.ConnectorException as error:
                await _rest("rescue", error)
                await asyncio.sleep(STALLED_SECONDS)
            else:
                if rescued:
                    logger.warning("conversations of a stopped process taken over", extra={"count": len(rescued)})

    async def _sweep(self) -> None:
        while True:
            await self._sweep_once()
            await asyncio.sleep(SWEEP_SECONDS)

    async def _sweep_at_end(self) -> None:
        """Leave a job for every turn that was handed back; where the database is away, others find them later."""
        try:
            async with asyncio.timeout(END_SECONDS):
                await self._sweep_once()
        except TimeoutError:
            logger.warning("sweep at the end failed", extra={"error": "timeout"})

    async def _sweep_once(self) -> None:
        """See to open turns that no job stands for."""
        try:
            swept = await self._app.connector.execute_query_all_async(_SWEEP, task=TASK, platforms=self._platforms)
        except procrastinate.exceptions.ConnectorException as error:
            logger.warning("sweep failed", extra={"error": type(error).__name__})
        else:
            if swept:
                logger.info("conversations without a job found", extra={"count": len(swept[0]["ids"])})

    async def _pass_on_stop(self, told: dict[str, Any]) -> None:
        self._on_stop(ConversationKey(**{name: told[name] for name in KEY_COLUMNS}), told["turns"])


async def _rest(what: str, error: Exception) -> None:
    logger.warning("%s failed", what, extra={"error": type(error.__cause__ or error).__name__})
    await asyncio.sleep(REST_SECONDS)
