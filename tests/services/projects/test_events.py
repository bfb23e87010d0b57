"""What goes in by POST …/events: one receipt an event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from anyio.lowlevel import checkpoint

from services.projects import door
from services.projects.api import progress
from shared.contracts import decode
from shared.event_log.port import LogUnavailable
from shared.http.tokens import Written, decode_token
from tests.services.projects.conftest import J, Town, event, faults, figure


def statuses(answer: Any) -> list[str]:
    return [receipt["status"] for receipt in answer.json()["receipts"]]


def codes(answer: Any) -> list[list[tuple[str, str]]]:
    return [[(e["code"], e["pointer"]) for e in receipt["errors"]] for receipt in answer.json()["receipts"]]


def written(town: Town, first: int) -> list[str]:
    """The ids on the log from an offset on."""
    reader = town.service.topics.events.reader(0)
    try:
        return [decode(raw.value).id for raw in reader.read(first, limit=500)]
    finally:
        reader.close()


def single(town: Town, body: object, **headers: str) -> Any:
    sent = town.office() | {"Content-Type": "application/cloudevents+json; charset=utf-8"} | headers
    return town.client.post(f"{J}/events", json=body, headers=sent)


def test_a_single_event_keeps_its_id_subject_and_time(any_town: Town) -> None:
    answer = single(any_town, event("2009-07/路", subject="roads", time="2009-07-31T17:00:00+08:00"))
    assert answer.status_code == 202, answer.text
    (receipt,) = answer.json()["receipts"]
    assert (receipt["id"], receipt["status"], receipt["token"]) == (
        "2009-07/路",
        "accepted",
        answer.headers["Jikao-Token"],
    )
    reader = any_town.service.topics.events.reader(0)
    envelope = decode(reader.read(any_town.records() - 1)[0].value)
    reader.close()
    assert (envelope.id, envelope.subject, envelope.time) == ("2009-07/路", "roads", "2009-07-31T17:00:00+08:00")


def test_a_batch_gets_a_receipt_for_each_in_order(any_town: Town) -> None:
    before = any_town.records()
    events = [event("a"), event("b", figure(target="nowhere")), event("c", figure("55"))]
    answer = any_town.batch(*events)
    assert answer.status_code == 207
    assert [r["id"] for r in answer.json()["receipts"]] == ["a", "b", "c"]
    assert statuses(answer) == ["accepted", "rejected", "accepted"]
    assert codes(answer)[1] == [("TARGET_UNKNOWN", "/data/entries/0/target")]
    assert any_town.records() == before + 2
    again = any_town.batch(*events)
    assert (again.status_code, statuses(again)) == (207, ["duplicate", "rejected", "duplicate"])
    assert any_town.records() == before + 2
    repeats, first = again.json()["receipts"], answer.json()["receipts"]
    assert [r["sha256"] for r in repeats] == [r["sha256"] for r in first]
    assert [r["token"] for r in repeats] == [r["token"] for r in first]


def test_all_accepted_or_repeated_is_202_and_none_is_422(town: Town) -> None:
    assert town.batch(event("a"), event("b", figure("55"))).status_code == 202
    mixed = town.batch(event("a"), event("c", figure("56")))
    assert (mixed.status_code, statuses(mixed)) == (202, ["duplicate", "accepted"])
    none = town.batch(event("d", figure(on="2009-08-02")), {"id": 7}, 3)
    assert (none.status_code, statuses(none)) == (422, ["rejected"] * 3)
    assert [receipt["id"] for receipt in none.json()["receipts"]] == ["d", None, None]
    assert "Jikao-Token" not in none.headers


def test_an_id_with_other_content_is_rejected_in_and_across_batches(town: Town) -> None:
    before = town.records()
    answer = town.batch(event("a"), event("a"), event("a", figure("55")), event("a", time="2009-07-31T00:00:00Z"))
    assert statuses(answer) == ["accepted", "duplicate", "rejected", "rejected"]
    assert codes(answer)[2:] == [[("ID_REUSED", "/id")]] * 2
    assert town.records() == before + 1
    later = town.batch(event("a", figure("55")))
    assert (later.status_code, codes(later)) == (422, [[("ID_REUSED", "/id")]])


def test_an_atomic_batch_sends_nothing_unless_all_are_valid(town: Town) -> None:
    before = town.records()
    answer = town.batch(event("a"), event("b", figure(target="nowhere")), event("a"), query="?atomic=true")
    assert (answer.status_code, statuses(answer)) == (422, ["rejected"] * 3)
    assert codes(answer) == [
        [("BATCH_NOT_SENT", "")],
        [("TARGET_UNKNOWN", "/data/entries/0/target")],
        [("BATCH_NOT_SENT", "")],
    ]
    assert town.records() == before
    assert town.batch(event("a"), event("b", figure("55")), query="?atomic=true").status_code == 202
    assert town.records() == before + 2


def test_an_event_of_another_type_or_source_is_rejected(town: Town) -> None:
    answer = town.batch(
        event("a", type="jikao.unit.registered.v1"), event("b", source="urn:jikao:source:bureau"),
        event("c", source="urn:jikao:service:targets"), event("d"),
    )  # fmt: skip
    assert answer.status_code == 207
    assert codes(answer) == [
        [("EVENT_TYPE_NOT_TAKEN", "/type")], [("SOURCE_NOT_ALLOWED", "/source")], [("SOURCE_NOT_ALLOWED", "/source")],
        [],
    ]  # fmt: skip


def test_what_is_not_json_or_no_batch_is_a_problem(town: Town) -> None:
    for content, type_, code in [
        (b"{", "cloudevents+json", "NOT_JSON"), (b"[{]", "cloudevents-batch+json", "NOT_JSON"),
        (b"{}", "cloudevents-batch+json", "SUBMISSION_MALFORMED"),
        (b"[]", "cloudevents-batch+json", "SUBMISSION_MALFORMED"),
        (b"{}", "json", "CONTENT_TYPE_NOT_TAKEN"),
    ]:  # fmt: skip
        headers = town.office() | {"Content-Type": f"application/{type_}"}
        answer = town.client.post(f"{J}/events", content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert faults(answer)
    many = town.batch(*([1] * 1001))
    assert (many.status_code, many.json()["code"]) == (413, "TOO_MANY_EVENTS")


def test_receipts_speak_the_callers_language(town: Town) -> None:
    headers = town.office(**{"Accept-Language": "zh"})
    answer = town.batch(event("a", figure(target="nowhere")), headers=headers)
    assert answer.json()["receipts"][0]["errors"][0]["message"] == "该日期没有此编号的有效目标。"


def test_a_large_batch_keeps_its_order(town: Town) -> None:
    first = town.records()
    answer = town.batch(*(event(f"e{n}", figure(str(n))) for n in range(250)))
    assert answer.status_code == 202
    assert written(town, first) == [f"e{n}" for n in range(250)]


def test_a_batch_keeps_its_order_where_single_appends_would_overtake_one_another(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = town.service.topics.events
    append, waits = events.append, iter(range(100, 0, -1))

    async def overtaking(partition: int, key: str, value: bytes) -> Any:
        for _ in range(next(waits)):
            await checkpoint()  # lets the others go first
        return await append(partition, key, value)

    monkeypatch.setattr(events, "append", overtaking)
    first = town.records()
    corrected = {"source": "urn:jikao:source:county", "id": "e0", "entry": 0}
    sent = [event("e0"), *(event(f"e{n}", figure(str(n), corrects=corrected)) for n in range(1, 10))]
    answer = town.batch(*sent)
    assert answer.status_code == 202
    assert written(town, first) == [f"e{n}" for n in range(10)]
    offsets = [decode_token(receipt["token"]) for receipt in answer.json()["receipts"]]
    assert [token.offset for token in offsets if isinstance(token, Written)] == list(range(first, first + 10))


def test_what_the_log_did_not_take_is_rejected_and_may_be_sent_again(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = town.service.topics.events
    append_all = events.append_all
    before = town.records()

    def sometimes(partition: int, records: Sequence[tuple[str, bytes]]) -> Any:
        if any(b'"id":"b"' in value for _, value in records):
            raise LogUnavailable
        return append_all(partition, records)

    monkeypatch.setattr(progress, "TOGETHER", 2)
    monkeypatch.setattr(events, "append_all", sometimes)
    sent = [event(id, figure(value)) for id, value in zip("axbyc", ("50", "51", "52", "53", "54"), strict=True)]
    answer = town.batch(*sent)
    # What comes after an event that was not taken may correct it, and is not sent before it.
    assert (answer.status_code, codes(answer)) == (207, [[], [], *[[("LOG_UNAVAILABLE", "")]] * 3])
    assert town.records() == before + 2
    assert town.batch(*sent[2:]).status_code == 503
    monkeypatch.undo()
    assert statuses(town.batch(*sent)) == ["duplicate"] * 2 + ["accepted"] * 3


def test_too_many_batches_at_once_are_told_to_come_back(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "MOST_BATCHES", 0)
    answer = town.batch(event("a"), event("b", figure("55")))
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "LOG_BUSY", "1")
    assert town.batch(event("a")).status_code == 202
    monkeypatch.undo()
    assert statuses(town.batch(event("a"), event("b", figure("55")))) == ["duplicate", "accepted"]
