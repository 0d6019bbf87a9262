"""Work in several threads."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from ._errors import PrismError, Status
from ._machine import processors

Result = TypeVar("Result")

_IN_FLIGHT = 2  # jobs for each thread: one at work, one waiting


def worker_count(threads: int | None) -> int:
    if threads is None:
        return processors()
    if threads < 1:
        raise PrismError(Status.OPTION, f"threads={threads}: expected at least 1")
    return threads


def in_order(jobs: Iterable[Callable[[], Result]], workers: int) -> Iterator[Result]:
    """What the jobs return, in their order, a few ahead of the consumer."""
    if workers == 1:
        yield from (job() for job in jobs)
        return
    jobs = iter(jobs)
    first = list(itertools.islice(jobs, 2))
    if len(first) == 1:  # a thread would take longer to start than many a job does
        yield first[0]()
        return
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for job in itertools.chain(first, jobs):
                if len(waiting) == workers * _IN_FLIGHT:
                    yield waiting.popleft().result()
                waiting.append(pool.submit(job))
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
