"""What must be true after a drill, whatever was killed: the same tests for every form of the back end."""

from __future__ import annotations

import hashlib
import random
from datetime import date, timedelta
from decimal import Decimal

from services.gateway.routing import SERVICES
from tests.drills.book import Sent
from tests.drills.city import IN_YEAR, YEAR
from tests.drills.evidence import Evidence, Json
from tests.drills.naive import SUBMITTED, Record, Row, leaf_hash, root

QUESTIONS = 40
"""Random questions asked on both axes; each is answered by looking through the naive list too."""
OUR_OWN = {"jikao.checkpoint.signed.v1"}
"""Facts that a service states of itself; no client asked for them."""


class Aftermath:
    """The checker. `evidence` is the fixture of the drill that went before; a rebuild, at the end, changes it."""

    def test_no_answer_was_one_that_faults_do_not_excuse(self, evidence: Evidence) -> None:
        assert evidence.book.strange == []
        assert not [told for told in evidence.book.answers if told.endswith(" 500")]

    def test_positions_have_no_gaps_and_every_reader_has_the_same_roots(self, evidence: Evidence) -> None:
        shown = [(r.position, r.offset, r.shown["leaf_hash"], r.shown["root"]) for r in evidence.records]

        assert [place[0] for place in shown] == list(range(len(shown)))
        for service in SERVICES:
            assert evidence.places(service)[: len(shown)] == shown, service
            assert evidence.unplaced(service) == 0

    def test_the_roots_are_those_of_the_stored_records(self, evidence: Evidence) -> None:
        leaves = [leaf_hash(record) for record in evidence.records]
        sizes = {len(leaves), *random.Random(len(leaves)).sample(range(1, len(leaves)), 20)}

        assert [leaf.hex() for leaf in leaves] == [record.shown["leaf_hash"] for record in evidence.records]
        for size in sizes:
            assert root(leaves[:size]).hex() == evidence.records[size - 1].shown["root"], size

    def test_every_acknowledged_submission_is_taken_in_exactly_once(self, evidence: Evidence) -> None:
        acknowledged = evidence.book.acknowledged()
        assert acknowledged
        for submission in acknowledged:
            first, *repeats = _that_stand(evidence, submission.identity)
            assert first.status in ("counted", "refused"), submission
            assert first.event["data"]["entries"] == submission.body["entries"]
            assert hashlib.sha256(first.value).hexdigest() == submission.sha256
            assert all(repeat.status == "duplicate" for repeat in repeats), submission

    def test_what_was_never_acknowledged_is_there_once_at_most(self, evidence: Evidence) -> None:
        for submission in evidence.book.submissions:
            if submission.outcome == "unknown":
                repeats = _that_stand(evidence, submission.identity)[1:]
                assert all(repeat.status == "duplicate" for repeat in repeats), submission

    def test_what_was_refused_at_the_door_is_not_there(self, evidence: Evidence) -> None:
        everything: list[Sent] = [*evidence.book.submissions, *evidence.book.commands]
        for sent in everything:
            if sent.outcome == "refused":
                there = {r.position: r.shown["status"] for r in evidence.of(sent.identity)}
                assert "counted" not in there.values(), (sent, there)

    def test_nothing_is_there_that_no_client_sent(self, evidence: Evidence) -> None:
        known = {sent.identity for sent in evidence.book.submissions}
        known |= {command.identity for command in evidence.book.commands}

        unknown = [r for r in evidence.records if r.identity not in known and r.event["type"] not in OUR_OWN]

        assert [r.event["type"] for r in unknown] == ["jikao.log.opened.v1"]

    def test_every_acknowledged_command_stands_exactly_once_and_no_outbox_holds_anything(
        self, evidence: Evidence
    ) -> None:
        for command in evidence.book.commands:
            records = evidence.of(command.identity)
            if command.path == "/v1/jurisdictions":
                continue  # its fact is record 0, under an id of its own
            counted = [r for r in records if r.shown["status"] == "counted"]
            assert len(counted) == (command.outcome == "acknowledged") or command.outcome == "unknown", command
            assert len(counted) <= 1, command
            assert all(r.shown["status"] in ("counted", "duplicate") for r in records), command
        assert {service: evidence.unsent(service) for service in SERVICES} == dict.fromkeys(SERVICES, 0)

    def test_each_record_and_entry_is_judged_as_the_naive_list_judges_it(self, evidence: Evidence) -> None:
        told = evidence.submissions()

        assert {r.position: r.shown["status"] for r in evidence.records} == {
            r.position: r.status for r in evidence.records
        }
        submitted = [r for r in evidence.records if r.event["type"] == SUBMITTED]
        assert [r.position for r in submitted] == sorted(p for p in told if p <= evidence.last)
        for record in submitted:
            outcome = told[record.position]
            refused = {e["entry"]: e["code"] for e in outcome["entries"] if e["outcome"] == "refused"}
            assert refused == record.refused, record.position

    def test_figures_on_both_axes_are_those_of_the_naive_list(self, evidence: Evidence) -> None:
        assert len(evidence.naive.rows) > 0
        _compare_with_the_naive_list(evidence)

    def test_what_was_answered_in_the_midst_of_it_all_is_answered_again(self, evidence: Evidence) -> None:
        assert evidence.book.seen
        for seen in evidence.book.seen:
            answer = evidence.ask(seen.path, dict(seen.params))
            assert seen.content == (answer if seen.params else {"first": answer["records"][0]}), seen.path

    def test_a_sealed_audit_is_folded_again_from_the_archive_and_is_equal(self, evidence: Evidence) -> None:
        part = {"question": "targets", "as_of": f"{YEAR}-09-30"}
        sealed = evidence.order("office", f"{IN_YEAR}/audits", {"parts": [part]}, "seal")

        again = f"{IN_YEAR}/audits/{sealed['id']}/replays"
        replayed = evidence.order("auditor", again, None, "replay", after_the_last=True)

        assert replayed["equal"] is True

    def test_what_is_rebuilt_from_the_log_is_what_was_there(self, evidence: Evidence) -> None:
        for service in SERVICES:
            body = {"accept_differences": False}
            rebuilt = evidence.order("admin", f"/v1/operations/{service}/rebuilds", body, f"rebuild-{service}")
            assert (rebuilt["differing"], rebuilt["switched"]) == ([], True), service

        shown = [(r.position, r.offset, r.shown["leaf_hash"], r.shown["root"]) for r in evidence.records]
        assert evidence.places("evaluation")[: len(shown)] == shown
        _compare_with_the_naive_list(evidence)


def _that_stand(evidence: Evidence, identity: tuple[str, str]) -> list[Record]:
    """The records of an identity from the first that counted on; the first one, if none of its entries ever did."""
    records = evidence.of(identity)
    counted = [n for n, record in enumerate(records) if record.status == "counted"]
    return records[counted[0] :] if counted else records[:1]


def _compare_with_the_naive_list(evidence: Evidence) -> None:
    """Random questions about targets, of any day and as known at any position, and the same of the whole city."""
    luck = random.Random(evidence.last)
    for _ in range(QUESTIONS):
        code, known_at = luck.choice(sorted(evidence.naive.targets)), luck.randrange(evidence.last + 1)
        as_of = str(date(YEAR, 1, 1) + timedelta(days=luck.randrange(365)))
        axes: dict[str, str | int] = {"as_of": as_of, "known_at": f"position:{known_at}"}
        path = f"{IN_YEAR}/targets/{code}"
        if evidence.naive.targets[code] > known_at:
            evidence.ask(f"{path}/completion", axes, status=404)
            continue
        told = evidence.ask(f"{path}/completion", axes)
        levels = evidence.naive.levels(as_of, known_at)
        assert {part["unit"]: _shown(part["level"]) for part in told["target"]["parts"] if "level" in part} == {
            unit: _level(row, known_at) for (of, unit), row in levels.items() if of == code
        }, (path, axes)
        assert _sum(told["target"]) == evidence.naive.total(code, as_of, known_at), (path, axes)
        history = evidence.ask(f"{path}/history", axes)
        assert [_entry(entry) for entry in history["entries"]] == [
            _row(row, known_at) for row in evidence.naive.of_target(code, as_of, known_at)
        ], (path, axes)
        city = evidence.ask(f"{IN_YEAR}/completion", axes)
        assert {row["code"]: _sum(row) for row in city["targets"]} == {
            other: evidence.naive.total(other, as_of, known_at)
            for other, issued in evidence.naive.targets.items()
            if issued <= known_at
        }, axes


def _sum(judged: Json) -> Decimal | None:
    return Decimal(judged["numerator"]) if "numerator" in judged else None


def _shown(level: Json) -> Json:
    value = {"value": Decimal(level["value"]), "standing": level["standing"]}
    return value | {name: level[name] for name in ("effective_on", "entry", "position")}


def _level(row: Row, known_at: int) -> Json:
    value, standing = row.best(known_at)
    entry = {"source": row.source, "id": row.id, "entry": row.entry}
    return {"value": Decimal(value), "standing": standing, "effective_on": row.on, "entry": entry,
            "position": row.position}  # fmt: skip


def _entry(shown: Json) -> Json:
    verified = [(stood["position"], Decimal(stood["value"])) for stood in shown["standings"]]
    return {"place": (shown["position"], shown["entry"]["entry"]), "value": Decimal(shown["value"]),
            "closed": shown.get("closed_at"), "verified": verified}  # fmt: skip


def _row(row: Row, known_at: int) -> Json:
    verified = [(position, Decimal(value)) for position, value in row.verified if position <= known_at]
    closed = row.closed if row.closed is not None and row.closed <= known_at else None
    return {"place": (row.position, row.entry), "value": Decimal(row.value), "closed": closed, "verified": verified}
