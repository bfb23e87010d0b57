"""A year lived through at random: what people may do to a log, in any order, against a plain list of what they did.

After every step a question is asked about a date and a position drawn at random; an answer given once under a pin is
asked for again; a sealed audit is replayed. Every receipt is verified, every record is hashed again, and whatever a
checkpoint covers is proved to lie below it.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from contextlib import ExitStack
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import pytest
from httpx2 import Response
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from shared.projections import read_side
from shared.proofs.verifying import check_checkpoint, check_continues, check_receipt, check_record, verifier_keys
from tests.histories.naive import (
    Adjusted,
    Assigned,
    Clock,
    Fact,
    HandedOver,
    Issued,
    Json,
    Known,
    Lock,
    Ref,
    Stood,
    Submitted,
    Tree,
    known,
)
from tests.services.standalone.whole import CITY, YEAR, target, unit, whole

UNITS = ("transport", "finance", "county")
TARGETS = ("roads", "bridges", "ferries")
SOURCE = "transport"
BEGINS = date(2009, 8, 31)
ENDS = date(2009, 12, 20)
"""The clock is not set beyond: the year is still open then."""

days = st.sampled_from(
    [date(2009, month, day) for month in (3, 6, 7, 8) for day in (1, 15, 30)]
    + [date(2009, 9, 15), date(2009, 11, 30), date(2010, 1, 1)]
)
values = st.integers(0, 3000).map(lambda tenths: f"{tenths // 10}.{tenths % 10}")
some = st.integers(0, 10_000)
"""The one that is meant of those that are there, whatever their number."""
figures = st.fixed_dictionaries(
    {"target": st.sampled_from((*TARGETS, "nowhere")), "value": values, "effective_on": days.map(str)},
    optional={"unit": st.sampled_from(UNITS), "corrects": some},
)
sound = st.fixed_dictionaries({"of": some, "value": values, "effective_on": days.map(str)}, optional={"corrects": some})
"""A figure of one of the parts that there are."""
entries = st.lists(
    sound | sound | sound | sound | st.fixed_dictionaries({"withdraws": some}), min_size=1, max_size=5
) | st.lists(sound | figures, min_size=1, max_size=3)


class History(RuleBasedStateMachine):
    """One city, from the opening of its log on. `steps` counts what was done, over all histories of a run."""

    folder: Path
    steps: ClassVar[Counter[str]] = Counter()
    lived = 0

    def __init__(self) -> None:
        super().__init__()
        History.lived += 1
        self.path = self.folder / f"history-{History.lived}"
        self.running = ExitStack()
        self.facts: list[tuple[int, Fact]] = []
        self.read = 0
        self.values: list[bytes] = []
        self.roots: list[str] = []
        self.where: dict[tuple[str, str], list[int]] = {}
        self.tree = Tree()
        self.sent: dict[str, tuple[str, list[Json]]] = {}
        self.named: list[Ref] = []
        self.receipts: dict[str, str] = {}
        self.versions: dict[str, str] = {}
        self.seals: list[str] = []
        self.pinned: list[tuple[str, str, bytes]] = []
        self.checkpoint: str | None = None
        self.counter = self.orders = 0

    # What may happen

    @initialize(seed=some, issued=st.sets(st.sampled_from(TARGETS), min_size=1, max_size=2))
    def open(self, seed: int, issued: set[str]) -> None:
        self.random = Random(seed)
        self.city = self.running.enter_context(whole(self.path))
        opening = {"jurisdiction": "430300", "zone": "Asia/Shanghai", "clock": "simulated", "instant": _noon(BEGINS)}
        self.did(Clock(BEGINS), self.post("/v1/jurisdictions", opening))
        for code in UNITS:
            self.did(None, self.post(f"{CITY}/units", unit(code)))
        self.did(None, self.post(f"{CITY}/sources", {"name": SOURCE, "client": "tests"}))
        self.did(None, self.post(f"{CITY}/years", {"year": 2009}))
        self.keys = verifier_keys("\n".join(self.get(f"{CITY}/verifier-keys").values()))
        for code in sorted(issued):
            self.issue(code)
            self.assign(code, UNITS[0])

    @rule(code=st.sampled_from(TARGETS))
    def issue(self, code: str) -> None:
        answer = self.post(f"{YEAR}/targets", target(code))
        if self.did(Issued(code, "60"), answer, but=("TARGET_CODE_TAKEN",)):
            self.versions[code] = answer.headers["ETag"]

    @rule(issuer=st.sampled_from(("province", "city")), value=values)
    def import_catalogue(self, issuer: str, value: str) -> None:
        item = {"code": "c-1", "indicator": "roads", "name": {"zh": "公路"}, "category": "livelihood",
                "kind": "cumulative", "direction": "higher", "value": value, "unit_of_measure": "km"}  # fmt: skip
        answer = self.post(f"{YEAR}/catalogues", {"issuer": issuer, "items": [item]})
        self.did(None, answer, but=("CATALOGUE_FAULTY",))

    @rule(code=st.sampled_from(TARGETS), who=st.sampled_from(UNITS))
    def assign(self, code: str, who: str) -> None:
        role = "lead" if who == UNITS[0] else "supporting"
        body = {"unit": who, "role": role, "value": "30", "valid_from": "2009-01-01"}
        answer = self.post(f"{YEAR}/targets/{code}/assignments", body)
        self.did(Assigned(code, who), answer, but=("TARGET_UNKNOWN", "UNIT_HAS_PART_ALREADY", "LEAD_IS_TAKEN"))

    @rule(code=st.sampled_from(TARGETS), who=st.sampled_from(UNITS), successor=st.sampled_from(UNITS), on=days,
          carries=st.booleans())  # fmt: skip
    def hand_over(self, code: str, who: str, successor: str, on: date, carries: bool) -> None:
        body = {"successor": successor, "on": str(on), "carries_levels": carries}
        answer = self.post(f"{YEAR}/targets/{code}/assignments/{who}/hand-overs", body)
        but = ("TARGET_UNKNOWN", "ASSIGNMENT_UNKNOWN", "UNIT_HAS_PART_ALREADY", "SUCCESSOR_IS_THE_SAME",
               "DATE_OUTSIDE_YEAR")  # fmt: skip
        self.did(HandedOver(code, who, successor, on, carries), answer, but=but)

    @rule(code=st.sampled_from(TARGETS), value=values, on=days)
    def adjust(self, code: str, value: str, on: date) -> None:
        body = {"value": value, "effective_on": str(on), "reason": "synthetic"}
        headers = {"If-Match": self.versions.get(code, '"1"')}
        answer = self.post(f"{YEAR}/targets/{code}/adjustments", body, headers=headers)
        but = ("TARGET_UNKNOWN", "TARGET_VALUE_IS_ZERO", "DATE_OUTSIDE_YEAR", "BELOW_PROVINCE", "PRECONDITION_FAILED",
               "VERSION_CONFLICT")  # fmt: skip
        if self.did(Adjusted(code, value, on), answer, but=but):
            self.versions[code] = answer.headers["ETag"]

    @rule(month=st.sampled_from((3, 6, 7)), code=st.sampled_from((None, *TARGETS)), closed=st.booleans())
    def lock(self, month: int, code: str | None, closed: bool) -> None:
        body: Json = {"month": month, "reason": "synthetic"} | ({} if code is None else {"target": code})
        answer = self.post(f"{YEAR}/{'locks' if closed else 'unlocks'}", body)
        but = ("MONTH_IS_LOCKED_ALREADY", "MONTH_IS_NOT_LOCKED", "TARGET_IS_UNKNOWN")
        self.did(Lock(month, code, closed), answer, but=but)

    @rule(by=st.integers(1, 40))
    def set_clock(self, by: int) -> None:
        today = min(self.now().today + timedelta(by), ENDS)
        if today > self.now().today:
            self.did(Clock(today), self.post(f"{CITY}/simulation/clock", {"instant": _noon(today)}))

    @rule(entries=entries)
    def submit(self, entries: list[Json]) -> None:
        self.counter += 1
        self.report(f"submission-{self.counter}", [self.entry(entry) for entry in entries])

    @precondition(lambda self: self.sent)
    @rule(which=some, changed=st.booleans())
    def submit_again(self, which: int, changed: bool) -> None:
        """Under an earlier key: the same, or something else."""
        key, sent = self.sent[sorted(self.sent)[which % len(self.sent)]]
        self.report(key, [*sent, sent[0]] if changed else sent)

    @precondition(lambda self: self.named)
    @rule(which=some, standing=st.sampled_from(("verified", "verified", "certified", "returned")), value=values)
    def stand(self, which: int, standing: Any, value: str) -> None:
        id, entry = ref = self.named[which % len(self.named)]
        path = {"verified": "verifications", "certified": "certifications", "returned": "returns"}[standing]
        said = {"reason": "synthetic"} if standing == "returned" else {"value": value, "unit_of_measure": "km"}
        body = {"entry": {"source": f"urn:jikao:source:{SOURCE}", "id": id, "entry": entry}} | said
        expected = self.now().standing(ref, standing)
        answer = self.post(f"{CITY}/{path}", body)
        if expected is None:
            self.did(Stood(ref, standing, value), answer)
        else:
            assert answer.json()["code"] == expected, answer.text

    @rule(as_of=days, back=some)
    def seal(self, as_of: date, back: int) -> None:
        body: Json = {"parts": [{"question": "targets", "as_of": str(as_of)}]}
        if back % 2:
            body["known_at"] = f"position:{max(0, self.read - 1 - back % 50)}"
        answer = self.post(f"{YEAR}/audits", body)
        if self.did(None, answer, but=("AS_OF_IN_FUTURE", "YEAR_UNKNOWN", "YEAR_NOT_FOUND", "NO_SUCH_YEAR")):
            self.seals.append(answer.json()["id"])

    @rule()
    def sign(self) -> None:
        """A checkpoint now: it goes on from the one before, and what it covers is proved."""
        answer = self.post(f"{CITY}/checkpoints", None)
        self.did(None, answer)
        note, size = answer.json()["note"], answer.json()["size"]
        proved = check_checkpoint(note, self.keys).checkpoint
        assert (proved.size, proved.root.hex()) == (size, self.roots[size - 1])
        if self.checkpoint is not None:
            older = check_checkpoint(self.checkpoint, self.keys).checkpoint.size
            text = self.text(f"{CITY}/checkpoints/{size}/consistency", {"from": str(older)})
            assert check_continues(self.checkpoint, text, self.keys).checkpoint.size == size
        self.checkpoint = note
        for position in {0, size - 1, self.random.randrange(size), self.random.randrange(size)}:
            text = self.text(f"{CITY}/records/{position}/proof", {"checkpoint": str(size)})
            assert check_record(text, self.keys, value=self.values[position]).checkpoint.size == size
        for id, receipt in sorted(self.receipts.items()):
            position = self.where[f"urn:jikao:source:{SOURCE}", id][0]
            if position < size:
                text = self.text(f"{CITY}/submission-proofs/{SOURCE}/{id}", {"checkpoint": str(size)})
                check_receipt(receipt, self.keys, value=self.values[position], proof=text)

    @rule(service=st.sampled_from(("targets", "projects", "evaluation")))
    def rebuild(self, service: str) -> None:
        answer = self.post(f"/v1/operations/{service}/rebuilds", {})
        self.did(None, answer)
        assert (answer.json()["switched"], answer.json()["differing"]) == (True, [])

    @rule()
    def restart(self) -> None:
        History.steps["restart"] += 1
        self.running.close()
        self.running = ExitStack()
        after = self.city.after
        self.city = self.running.enter_context(whole(self.path))
        self.city.after = after

    # What holds after every step

    @invariant()
    def answers_agree(self) -> None:
        if self.read == 0:
            return
        self.read_on()
        code, as_of, position = self.drawn()
        expected = known(self.facts, position).figure(code, as_of)
        asked = {"as_of": str(as_of), "known_at": f"position:{position}"}
        answer = self.city.send("GET", f"{YEAR}/targets/{code}/completion", self.auditor, params=self.after | asked)
        if expected is None:
            assert answer.status_code == 404, answer.text
            return
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert told["pin"]["root"] == self.roots[position]
        assert _figure(told["target"]) == expected, (asked, code)
        pin = "{log}.{as_of}.{position}.{root}".format(**told["pin"])
        self.pinned.append((f"{YEAR}/targets/{code}/completion", pin, answer.content))
        if self.random.random() < 0.3:
            whole_city = f"{YEAR}/completion"
            self.pinned.append((whole_city, pin, self.ask(whole_city, {"pin": pin}).content))
        path, pin, content = self.random.choice(self.pinned)
        assert self.ask(path, {"pin": pin}).content == content

    @invariant()
    def seals_replay_equal(self) -> None:
        if self.seals:
            self.replay(self.random.choice(self.seals))

    def teardown(self) -> None:
        try:
            for audit in self.seals:
                self.replay(audit)
        finally:
            self.running.close()

    # How it is done

    @property
    def auditor(self) -> str:
        return self.city.token("auditor")

    @property
    def after(self) -> dict[str, str]:
        return {} if self.city.after is None else {"after": self.city.after}

    def now(self) -> Known:
        return known(self.facts, self.read)

    def drawn(self) -> tuple[str, date, int]:
        """A target, a day not after the log's own, and a position."""
        begins, today = date(2009, 1, 1), self.now().today
        day = begins + timedelta(self.random.randrange((today - begins).days + 1))
        return self.random.choice(TARGETS), day, self.random.randrange(self.read)

    def post(self, path: str, body: object, **more: Any) -> Response:
        token = self.city.token("admin", "office", "certifier", "leader", "auditor")
        self.orders += 1  # keys of our own: the city counts from the beginning after a restart
        answer: Response = self.city.send("POST", path, token, body, **{"key": f"order-{self.orders}", **more})
        return answer

    def ask(self, path: str, query: dict[str, str]) -> Response:
        answer = self.city.send("GET", path, self.auditor, params=self.after | query)
        assert answer.status_code == 200, (path, answer.text)
        return answer

    def get(self, path: str, **query: str) -> Json:
        told: Json = self.ask(path, query).json()
        return told

    def text(self, path: str, query: dict[str, str]) -> str:
        return str(self.ask(path, query).text)

    def did(self, fact: Fact | None, answer: Response, but: tuple[str, ...] = ()) -> bool:
        """Was it done? Then the fact stands where the log has it. A refusal is one of those that may come."""
        if not answer.is_success:
            assert answer.json()["code"] in but, answer.text
            History.steps["refused"] += 1
            return False
        History.steps[type(fact).__name__ if fact is not None else "other"] += 1
        before = self.read
        self.read_on()
        if fact is not None:
            # Beside us only the signer writes.
            position = next(
                at for at in range(before, self.read) if b'"jikao.checkpoint.signed.v1"' not in self.values[at]
            )
            self.facts.append((position, fact))
        return True

    def report(self, key: str, sent: list[Json]) -> None:
        now = self.now()
        at_the_door = [why for why in now.judged(sent, at_the_door=True) if why is not None]
        answer = self.post(f"{CITY}/progress?source={SOURCE}", {"entries": sent}, key=key)
        earlier = next((id for id, (other, _) in self.sent.items() if other == key), None)
        if earlier in now.taken:
            if now.taken[earlier] != tuple(sent):
                assert answer.json()["code"] == "ID_REUSED", answer.text
                return
            assert (answer.status_code, answer.json()["status"]) == (202, "duplicate"), answer.text
        elif at_the_door:
            assert not answer.is_success, (at_the_door, answer.text)
            assert answer.json()["code"] == at_the_door[0], (at_the_door, answer.text)
            History.steps["refused at the door"] += 1
            return
        assert answer.status_code == 202, answer.text
        History.steps["submitted"] += 1
        receipt = answer.json()
        before, id = self.read, receipt["id"]
        if id not in self.sent:
            self.sent[id] = (key, sent)
            self.named += [(id, n) for n in range(len(sent))]
        self.read_on()
        for position in self.where[f"urn:jikao:source:{SOURCE}", id]:
            if position >= before:
                self.facts.append((position, Submitted(id, tuple(sent))))
        # A receipt is of the record that it was given for: of one that was sent again the last.
        last = max(self.where[f"urn:jikao:source:{SOURCE}", id])
        check_receipt(receipt["signed"], self.keys, value=self.values[last])
        if len(self.where[f"urn:jikao:source:{SOURCE}", id]) == 1:
            self.receipts[id] = receipt["signed"]
        self.became(id)

    def became(self, id: str) -> None:
        """What the reporter is told of each record is what the model makes of it."""
        city, expected = Known(), []
        for position, fact in sorted(self.facts, key=lambda at: at[0]):
            came_to = city.take(fact)
            if isinstance(fact, Submitted) and fact.id == id:
                expected.append((position, came_to))
        told = self.get(f"{CITY}/submissions/{SOURCE}/{id}")["records"]
        assert [record["position"] for record in told] == [position for position, _ in expected]
        for record, (_, came_to) in zip(told, expected, strict=True):
            if isinstance(came_to, str):
                assert record["status"] == came_to
            else:
                assert [entry["code"] for entry in record["entries"]] == came_to
                assert record["status"] == ("counted" if None in came_to else "refused")

    def entry(self, drawn: Json) -> Json:
        """What is drawn, as it is sent: an entry is named by its submission and its place."""
        made: Json = {"kind": "withdrawal"} if "withdraws" in drawn else {"kind": "target", "unit_of_measure": "km"}
        for name, value in drawn.items():
            if name == "of":
                made |= self.held(value, date.fromisoformat(drawn["effective_on"]))
                continue
            if name in ("corrects", "withdraws"):
                id, entry = self.named[value % len(self.named)] if self.named else ("none", 0)
                value = {"source": f"urn:jikao:source:{SOURCE}", "id": id, "entry": entry}
            made[name] = value
        return made

    def held(self, which: int, on: date) -> Json:
        """A target and the unit that has a part of it on the day."""
        parts = [
            {"target": code, "unit": part.unit}
            for code, parts in sorted(self.now().parts.items()) for part in parts if part.holds(on)
        ]  # fmt: skip
        return parts[which % len(parts)] if parts else {"target": "nowhere"}

    def read_on(self) -> None:
        """The records since the last time, each hashed into our own tree."""
        while True:
            page = self.get(f"{CITY}/records", from_position=str(self.read), limit="1000")
            for record in page["items"]:
                assert record["position"] == self.read
                value = base64.b64decode(record["value"])
                assert record["root"] == self.tree.add(record["position"], record["recorded_at"], value).hex()
                event = json.loads(value)
                self.where.setdefault((event["source"], event["id"]), []).append(self.read)
                self.values.append(value)
                self.roots.append(record["root"])
                self.read += 1
            if page["next_position"] is None:
                return

    def replay(self, audit: str) -> None:
        path = f"{YEAR}/audits/{audit}/replays"
        answer = self.city.send("POST", path, self.auditor, params=self.after)
        assert answer.status_code == 200, answer.text
        assert (answer.json()["equal"], answer.json()["intact"]) == (True, True), answer.text


def _noon(day: date) -> str:
    return f"{day}T12:00:00+08:00"


def _figure(told: Json) -> Json:
    """A target's document in the model's words."""
    levels = {}
    for part in told["parts"]:
        level = part.get("level")
        levels[part["unit"]] = None if level is None else (
            Decimal(level["value"]), level["standing"], date.fromisoformat(level["effective_on"])
        )  # fmt: skip
    total = told.get("numerator")
    return {
        "value": Decimal(told["target_value"]), "levels": levels, "sum": None if total is None else Decimal(total),
    }  # fmt: skip


def test_whatever_happens_every_answer_is_that_of_a_plain_list(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_side, "POLL", 0.02)  # a restart waits for readers, and they look up only this often
    monkeypatch.setattr(History, "folder", tmp_path, raising=False)
    History.steps.clear()
    histories, steps = (int(request.config.getoption(name)) for name in ("--histories", "--steps"))
    lived = settings(
        max_examples=histories, stateful_step_count=steps, phases=[Phase.explicit, Phase.generate], deadline=None,
        suppress_health_check=list(HealthCheck), derandomize=True, database=None,
    )  # fmt: skip
    run_state_machine_as_test(History, settings=lived)
    print(f"{History.lived} histories, {sum(History.steps.values())} steps: {dict(History.steps.most_common())}")
