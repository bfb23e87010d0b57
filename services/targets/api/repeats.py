"""Commands that mint the name of their own stream: a repeat must find the stream that the first one wrote."""

from __future__ import annotations

from fastapi.concurrency import run_in_threadpool
from msgspec import UnsetType

from shared.contracts import decode
from shared.event_log.ids import event_id
from shared.http.ordering import Ordering
from shared.sql import reading


async def id_of_first(ordering: Ordering, log: str) -> str | None:
    """The id in the stream that was written under this Idempotency-Key; None if this is no repeat.

    `catalogue:<id>` gives `<id>`. That the repeat asks for the same is judged by the command itself.
    """
    return await run_in_threadpool(_find, ordering, log)


def _find(ordering: Ordering, log: str) -> str | None:
    store = ordering.service.store
    with reading(store.engine) as db:
        earlier = store.find(db, log, event_id(store.source, ordering.key))
    if earlier is None:
        return None
    stream = decode(earlier.value).stream
    return None if isinstance(stream, UnsetType) else stream.partition(":")[2]
