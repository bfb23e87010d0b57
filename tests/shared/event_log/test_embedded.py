"""What only the embedded adapter promises: acknowledged means on disk, and nothing on disk ever changes."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from shared.event_log.embedded import FILE_NAME, open_embedded
from shared.event_log.port import ClockSkewed, LogUnavailable

PATIENCE = 30.0

WRITER = """
import asyncio, sys
from pathlib import Path
from shared.event_log.embedded import open_embedded

async def write(topic, name):
    n = 0
    while True:
        ack = await topic.append(0, name, str(n).encode())
        print(ack.offset, name, n, flush=True)
        n += 1

async def main():
    topics = open_embedded(Path(sys.argv[1]))
    await asyncio.gather(*(write(topics.events, f"log-{i}") for i in range(8)))

asyncio.run(main())
"""


def test_what_was_acknowledged_survives_the_writer_s_sudden_end(tmp_path: Path) -> None:
    acknowledged: dict[int, tuple[str, bytes]] = {}
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            if len(acknowledged) == 500:
                writer.kill()
            if line.endswith("\n"):
                offset, name, n = line.split()
                acknowledged[int(offset)] = (name, n.encode())

    assert len(acknowledged) >= 500
    with closing(open_embedded(tmp_path)) as topics, closing(topics.events.reader(0)) as reader:
        end = topics.events.end(0)
        records = reader.read(0, limit=end)
        assert [record.offset for record in records] == list(range(end))
        on_disk = {record.offset: (record.key, record.value) for record in records}
        assert {offset: on_disk.get(offset) for offset in acknowledged} == acknowledged
        assert topics.events.append_all(0, [("log-a", b"next")])[0].offset == end


def test_a_second_process_may_read_while_the_first_one_writes(tmp_path: Path) -> None:
    with closing(open_embedded(tmp_path)) as ours:
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.DEVNULL)
        try:
            read = 0
            until = time.monotonic() + PATIENCE
            with closing(ours.events.reader(0)) as reader:
                while read < 100 and time.monotonic() < until:
                    read += len(reader.read(read, timeout=5.0))
        finally:
            writer.kill()
            writer.wait(PATIENCE)

    assert read >= 100


@pytest.mark.parametrize("change", ["UPDATE records SET value = NULL", "DELETE FROM records"])
def test_a_record_on_disk_can_be_neither_changed_nor_deleted(tmp_path: Path, change: str) -> None:
    with closing(open_embedded(tmp_path)) as topics:
        topics.events.append_all(0, [("log-a", b"fact")])

    with (
        closing(sqlite3.connect(tmp_path / FILE_NAME)) as db,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        db.execute(change)


@pytest.mark.anyio
async def test_appends_at_the_same_moment_share_a_commit(tmp_path: Path) -> None:
    with closing(open_embedded(tmp_path)) as topics:
        acks = await asyncio.gather(*(topics.events.append(0, "log-a", b"x") for _ in range(400)))

    # One transaction stamps one time.
    assert len({ack.appended_at for ack in acks}) < 100


@pytest.mark.anyio
async def test_a_failed_write_is_nobody_s_acknowledgement_and_the_next_one_works(tmp_path: Path) -> None:
    with closing(open_embedded(tmp_path)) as topics:
        await topics.events.append(0, "log-a", b"1")
        with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as db:
            db.execute("ALTER TABLE records RENAME TO elsewhere")
            with pytest.raises(LogUnavailable):
                await topics.events.append(0, "log-a", b"2")
            with pytest.raises(LogUnavailable):
                topics.events.append_all(0, [("log-a", b"2")])
            db.execute("ALTER TABLE elsewhere RENAME TO records")

        assert (await topics.events.append(0, "log-a", b"2")).offset == 1


@pytest.mark.anyio
async def test_a_closed_log_takes_nothing_more(tmp_path: Path) -> None:
    topics = open_embedded(tmp_path)
    topics.close()
    topics.close()

    with pytest.raises(LogUnavailable):
        await topics.events.append(0, "log-a", b"x")


@pytest.mark.anyio
async def test_a_clock_that_was_set_back_never_dates_a_record_before_the_last_one(tmp_path: Path) -> None:
    moments = [5_000_000_123]
    with closing(open_embedded(tmp_path, now=lambda: moments[-1])) as topics:
        first = await topics.events.append(0, "log-a", b"1")
        moments.append(4_000_000_000)
        second = await topics.events.append(0, "log-a", b"2")
        with pytest.raises(ClockSkewed):
            await topics.events.append(0, "log-a", b"3")

        assert (first.appended_at, second.appended_at) == (5_000_000_000, 5_000_000_000)
        assert topics.events.end(0) == 2
