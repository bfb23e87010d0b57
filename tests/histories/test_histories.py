"""A year lived through at random: what people may do to a log, in any order, against a plain list of what they did.

After every step a question is asked about a date and a position drawn at random; an answer given once under a pin is
asked for again; a sealed audit is replayed. Every receipt is verified, every record is hashed again, and whatever a
checkpoint covers is proved to lie below it.
"""

from __future__ import annotations

import base64
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, ClassVar
from uuid import uuid4

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

from services.gateway.routing import SERVICES
from services.standalone.data_directory import LOCK, DataDirectory, open_directory
from shared.projections import read_side
from shared.proofs.verifying import check_checkpoint, check_continues, check_receipt, check_record, verifier_keys
from shared.testing.postgres import Postgres
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
from tests.services.standalone.whole import CITY, YEAR, served, target, unit

UNITS = ("transport", "finance", "county")
TARGETS = ("roads", "bridges", "ferries")
SOURCE = "transport"
BEGINS = date(2009, 8, 31)
ENDS = date(2009, 12, 20)
"""The clock is not set beyond: the year is still open then."""

DAYS = [date(2009, month, day) for month in (3, 7, 8) for day in (15, 30)]
"""Few, so that entries meet one another."""
days = st.sampled_from([*DAYS, date(2009, 9, 15), date(2009, 11, 30), date(2010, 1, 1)])
values = st.integers(0, 3000).map(lambda tenths: f"{tenths // 10}.{tenths % 10}")
some = st.integers(0, 10_000)
"""The one that is meant of those that are there, whatever their number."""
figures = st.fixed_dictionaries(
    {"target": st.sampled_from((*TARGETS, "nowhere")), "value": values, "effective_on": days.map(str)},
    optional={"unit": st.sampled_from(UNITS), "corrects": some},
)
_SOUND: dict[str, st.SearchStrategy[Any]] = {
    "of": some, "value": values, "effective_on": st.sampled_from(DAYS).map(str),
}  # fmt: skip
sound = st.fixed_dictionaries(_SOUND)
"""A figure of one of the parts that there are."""
corrections = st.fixed_dictionaries(_SOUND | {"corrects": some})
withdrawals = st.fixed_dictionaries({"withdraws": some})
submissions = st.lists(
    st.lists(sound | corrections | withdrawals | figures, min_size=1, max_size=4), min_size=1, max_size=3
)
entries_named = st.lists(some, min_size=1, max_size=3)


class OnPostgres(DataDirectory):
    """A data directory whose services keep their tables on PostgreSQL."""

    def __init__(self, path: Path, urls: Mapping[str, str]) -> None:
        path.mkdir(parents=True, exist_ok=True)
        super().__init__(path, (path / LOCK).open("a+", encoding="utf-8"))
        self._urls = urls

    def database_url(self, service: str) -> str:
        return self._urls[service]


class History(RuleBasedStateMachine):
    """One city, from the opening of its log on. Over all histories of a run, `lived` counts steps, `came` what came."""

    folder: Path
    postgres: Postgres | None = None
    came: ClassVar[Counter[str]] = Counter()
    lived = 0

    def __init__(self) -> None:
        super().__init__()
        self.path = self.folder / uuid4().hex
        if self.postgres is not None:
            self.urls = {service: self.postgres.database(f"{service}{uuid4().hex}") for service in SERVICES}
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
        self.start()
        opening = {"jurisdiction": "430300", "zone": "Asia/Shanghai", "clock": "simulated", "instant": _noon(BEGINS)}
        self.did(Clock(BEGINS), self.post("/v1/jurisdictions", opening))
        for code in UNITS:
            self.did(None, self.post(f"{CITY}/units", unit(code)))
        self.did(None, self.post(f"{CITY}/sources", {"name": SOURCE, "client": "tests"}))
        self.did(None, self.post(f"{CITY}/years", {"year": 2009}))
        self.keys = verifier_keys("\n".join(self.get(f"{CITY}/verifier-keys").values()))
        for code in sorted(issued):
            for who in UNITS[: 1 + seed % 2]:
                self.assign(code, who, issued=True)

    @rule(issuer=st.sampled_from(("province", "city")), value=values)
    def import_catalogue(self, issuer: str, value: str) -> None:
        item = {"code": "c-1", "indicator": "roads", "name": {"zh": "公路"}, "category": "livelihood",
                "kind": "cumulative", "direction": "higher", "value": value, "unit_of_measure": "km"}  # fmt: skip
        answer = self.post(f"{YEAR}/catalogues", {"issuer": issuer, "items": [item]})
        self.did(None, answer, but=("CATALOGUE_FAULTY",))

    @rule(code=st.sampled_from(TARGETS), who=st.sampled_from(UNITS), issued=st.booleans())
    def assign(self, code: str, who: str, issued: bool) -> None:
        if issued:
            answer = self.post(f"{YEAR}/targets", target(code))
            if self.did(Issued(code, "60"), answer, but=("TARGET_CODE_TAKEN",)):
                self.versions[code] = answer.headers["ETag"]
        role = "lead" if who == UNITS[0] else "supporting"
        body = {"unit": who, "role": role, "value": "30", "valid_from": "2009-01-01"}
        answer = self.post(f"{YEAR}/targets/{code}/assignments", body)
        if self.did(Assigned(code, who), answer, but=("TARGET_UNKNOWN", "UNIT_HAS_PART_ALREADY", "LEAD_IS_TAKEN")):
            self.versions[f"parts of {code}"] = answer.headers["ETag"]

    @rule(which=some, successor=st.sampled_from(UNITS), on=days, carries=st.booleans())
    def hand_over(self, which: int, successor: str, on: date, carries: bool) -> None:
        code, who = self.part(which, on)
        body = {"successor": successor, "effective_on": str(on), "carries_levels": carries}
        headers = {"If-Match": self.versions.get(f"parts of {code}", '"0"')}
        answer = self.post(f"{YEAR}/targets/{code}/assignments/{who}/hand-overs", body, headers=headers)
        but = ("TARGET_UNKNOWN", "ASSIGNMENT_UNKNOWN", "UNIT_HAS_PART_ALREADY", "SUCCESSOR_IS_THE_SAME",
               "DATE_OUTSIDE_YEAR")  # fmt: skip
        if self.did(HandedOver(code, who, successor, on, carries), answer, but=but):
            self.versions[f"parts of {code}"] = answer.headers["ETag"]

    @rule(code=st.sampled_from(TARGETS), value=values, on=days)
    def adjust(self, code: str, value: str, on: date) -> None:
        body = {"value": value, "effective_on": str(on), "reason": "synthetic"}
        headers = {"If-Match": self.versions.get(code, '"1"')}
        answer = self.post(f"{YEAR}/targets/{code}/adjustments", body, headers=headers)
        but = ("TARGET_UNKNOWN", "TARGET_VALUE_IS_ZERO", "DATE_OUTSIDE_YEAR", "BELOW_PROVINCE", "PRECONDITION_FAILED",
               "VERSION_CONFLICT")  # fmt: skip
        if self.did(Adjusted(code, value, on), answer, but=but):
            self.versions[code] = answer.headers["ETag"]

    @rule(month=st.sampled_from((3, 7, 8)), code=st.sampled_from((None, *TARGETS)), closed=st.booleans())
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

    @rule(sent=submissions)
    def submit(self, sent: list[list[Json]]) -> None:
        for entries in sent:
            self.counter += 1
            self.report(f"submission-{self.counter}", [self.entry(entry) for entry in entries])

    @rule(figures=st.lists(sound, min_size=1, max_size=4))
    def submit_sound(self, figures: list[Json]) -> None:
        self.submit([figures])

    @rule(figures=st.lists(corrections, min_size=1, max_size=2), verified=st.booleans())
    def correct(self, figures: list[Json], verified: bool) -> None:
        for figure in figures:
            if verified:
                self.stand("verified", [figure["corrects"]], figure["value"])
            self.submit([[figure]])

    @rule(which=entries_named)
    def withdraw(self, which: list[int]) -> None:
        self.submit([[{"withdraws": other}] for other in which])

    @precondition(lambda self: self.sent)
    @rule(which=some, changed=st.booleans())
    def submit_again(self, which: int, changed: bool) -> None:
        """Under an earlier key: the same, or something else."""
        key, sent = self.sent[sorted(self.sent)[which % len(self.sent)]]
        self.report(key, [*sent, sent[0]] if changed else sent)

    @rule(
        which=entries_named,
        value=values,
        how=st.sampled_from(("verify", "verify", "both", "certify", "return", "and correct")),
    )
    def judge(self, which: list[int], value: str, how: str) -> None:
        if not self.standing():
            self.submit([[{"of": which[0], "value": value, "effective_on": str(DAYS[which[0] % len(DAYS)])}]])
        match how:
            case "return":
                self.stand("returned", which[:1])
            case "certify":
                self.stand("certified", which, value)
            case _:
                self.stand("verified", which, value)
                if how == "both":
                    self.stand("certified", which[:1], value)

    def stand(self, standing: Any, which: list[int], value: str = "0") -> None:
        for each in which if self.named else ():
            id, entry = ref = self.meant(each)
            path = {"verified": "verifications", "certified": "certifications", "returned": "returns"}[standing]
            said = {"reason": "synthetic"} if standing == "returned" else {"value": value, "unit_of_measure": "km"}
            expected = self.now().standing(ref, standing)
            named = {"source": f"urn:jikao:source:{SOURCE}", "id": id, "entry": entry}
            answer = self.post(f"{CITY}/{path}", {"entry": named} | said)
            if expected is None:
                self.did(Stood(ref, standing, value), answer)
            else:
                assert answer.json()["code"] == expected, answer.text
                History.came[expected] += 1

    @rule(as_of=days, back=some)
    def seal(self, as_of: date, back: int) -> None:
        body: Json = {"parts": [{"question": "targets", "as_of": str(as_of)}]}
        if back % 2:
            body["known_at"] = f"position:{max(0, self.read - 1 - back % 50)}"
        answer = self.post(f"{YEAR}/audits", body)
        if self.did(None, answer, but=("AS_OF_IN_FUTURE", "YEAR_UNKNOWN", "YEAR_NOT_FOUND", "NO_SUCH_YEAR")):
            self.seals.append(answer.json()["id"])

    @rule(what=st.sampled_from(("a checkpoint", "a restart", "targets", "projects", "evaluation")))
    def look_after(self, what: str) -> None:
        """What keeps the back end, and changes no answer; the last three are rebuilt."""
        match what:
            case "a checkpoint":
                self.sign([0, *(self.random.randrange(self.read) for _ in range(5))])
            case "a restart":
                self.restart()
            case _:
                answer = self.post(f"/v1/operations/{what}/rebuilds", {})
                self.did(None, answer)
                assert (answer.json()["switched"], answer.json()["differing"]) == (True, [])

    def sign(self, proved: Iterable[int]) -> None:
        """A checkpoint now: it goes on from the one before, and what it covers is proved."""
        answer = self.post(f"{CITY}/checkpoints", None)
        self.did(None, answer)
        note, size = answer.json()["note"], answer.json()["size"]
        signed = check_checkpoint(note, self.keys).checkpoint
        assert (signed.size, signed.root.hex()) == (size, self.roots[size - 1])
        if self.checkpoint is not None:
            older = check_checkpoint(self.checkpoint, self.keys).checkpoint.size
            text = self.text(f"{CITY}/checkpoints/{size}/consistency", {"from": str(older)})
            assert check_continues(self.checkpoint, text, self.keys).checkpoint.size == size
        self.checkpoint = note
        for position in {position for position in proved if position < size}:
            text = self.text(f"{CITY}/records/{position}/proof", {"checkpoint": str(size)})
            assert check_record(text, self.keys, value=self.values[position]).checkpoint.size == size
        for id, receipt in sorted(self.receipts.items()):
            position = self.where[f"urn:jikao:source:{SOURCE}", id][0]
            if position < size:
                text = self.text(f"{CITY}/submission-proofs/{SOURCE}/{id}", {"checkpoint": str(size)})
                check_receipt(receipt, self.keys, value=self.values[position], proof=text)

    def restart(self) -> None:
        History.came["restart"] += 1
        self.running.close()
        self.running = ExitStack()
        after = self.city.after
        self.start()
        self.city.after = after

    # What holds after every step

    @invariant()
    def answers_agree(self) -> None:
        """A target, a unit and the city, each on a day and at a position of its own; old pins are asked again."""
        if self.read == 0:
            return
        History.lived += 1
        self.read_on()
        for question in (self.target_agrees, self.unit_agrees, self.city_agrees, self.city_agrees):
            question(*self.drawn())
        for path, pin, content in self.random.sample(self.pinned, min(2, len(self.pinned))):
            assert self.ask(path, {"pin": pin}).content == content

    def target_agrees(self, as_of: date, position: int) -> None:
        code = self.random.choice(TARGETS)
        expected = known(self.facts, position).figure(code, as_of)
        told = self.answered(f"{YEAR}/targets/{code}/completion", as_of, position)
        assert expected == (None if told is None else _figure(told["target"])), (code, as_of, position)

    def unit_agrees(self, as_of: date, position: int) -> None:
        code = self.random.choice(UNITS)
        told = self.answered(f"{YEAR}/units/{code}/completion", as_of, position)
        if told is not None:
            levels = {target["code"]: _level(part) for target in told["targets"] for part in target["parts"]}
            assert levels == known(self.facts, position).held_by(code, as_of), (code, as_of, position)

    def city_agrees(self, as_of: date, position: int) -> None:
        told = self.answered(f"{YEAR}/completion", as_of, position)
        if told is not None:
            sums = {target["code"]: _sum(target) for target in told["targets"]}
            assert sums == known(self.facts, position).sums(as_of), (as_of, position)

    def answered(self, path: str, as_of: date, position: int) -> Json | None:
        """None before there was anything to answer. What was answered is kept with its pin."""
        asked = {"as_of": str(as_of), "known_at": f"position:{position}"}
        answer = self.city.send("GET", path, self.auditor, params=self.after | asked)
        if answer.status_code == 404:
            return None
        assert answer.status_code == 200, answer.text
        told: Json = answer.json()
        assert told["pin"]["root"] == self.roots[position]
        self.pinned.append((path, "{log}.{as_of}.{position}.{root}".format(**told["pin"]), answer.content))
        return told

    @invariant()
    def seals_replay_equal(self) -> None:
        if self.seals:
            self.replay(self.random.choice(self.seals))

    def teardown(self) -> None:
        """At its end every seal, every record and every receipt is proved, and every pin asked again."""
        try:
            if sys.exc_info()[0] is None and self.read:
                self.sign(range(self.read))
                for audit in self.seals:
                    self.replay(audit)
                for path, pin, content in self.pinned:
                    assert self.ask(path, {"pin": pin}).content == content
        finally:
            self.running.close()
            if self.postgres is not None:
                for url in self.urls.values():
                    self.postgres.drop(url.rpartition("/")[2])

    # How it is done

    def start(self) -> None:
        directory = open_directory(self.path) if self.postgres is None else OnPostgres(self.path, self.urls)
        self.city = self.running.enter_context(served(directory))

    @property
    def auditor(self) -> str:
        return self.city.token("auditor")

    @property
    def after(self) -> dict[str, str]:
        return {} if self.city.after is None else {"after": self.city.after}

    def now(self) -> Known:
        return known(self.facts, self.read)

    def drawn(self) -> tuple[date, int]:
        """A day not after the log's own and a position: mostly the day of an entry or the one before, a late one."""
        begins, now = date(2009, 1, 1), self.now()
        day = begins + timedelta(self.random.randrange((now.today - begins).days + 1))
        if now.rows and self.random.random() < 0.7:
            day = self.random.choice([row.on for row in now.rows.values()]) - timedelta(self.random.randrange(2))
        return day, self.random.choice((self.read - 1, max(0, self.read - 5), self.random.randrange(self.read)))

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
            History.came["refused"] += 1
            return False
        History.came[type(fact).__name__ if fact is not None else "other"] += 1
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
        if earlier is not None and now.remembered(earlier):
            if now.taken[earlier] != tuple(sent):
                assert answer.json()["code"] == "ID_REUSED", answer.text
                return
            assert (answer.status_code, answer.json()["status"]) == (202, "duplicate"), answer.text
        elif at_the_door:
            assert not answer.is_success, (at_the_door, answer.text)
            assert answer.json()["code"] == at_the_door[0], (at_the_door, answer.text)
            History.came["at the door: " + at_the_door[0]] += 1
            return
        assert answer.status_code == 202, answer.text
        History.came["submitted"] += 1
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
                counted = came_to.count(None)
                History.came.update(f"entry {why or 'counted'}" for why in came_to)
                assert (record["counted"], record["refused"]) == (counted, len(came_to) - counted)
                assert record["status"] == "counted"  # judged entry by entry, whatever came of them

    def entry(self, drawn: Json) -> Json:
        """What is drawn, as it is sent: an entry is named by its submission and its place."""
        made: Json = {"kind": "withdrawal"} if "withdraws" in drawn else {"kind": "target", "unit_of_measure": "km"}
        for name, value in drawn.items():
            if name == "of":
                made["target"], made["unit"] = self.part(value, date.fromisoformat(drawn["effective_on"]))
                continue
            if name == "corrects" and not self.standing():
                continue
            if name in ("corrects", "withdraws"):
                id, entry = self.meant(value) if self.named else ("none", 0)
                value = {"source": f"urn:jikao:source:{SOURCE}", "id": id, "entry": entry}
            made[name] = value
        return made

    def standing(self) -> list[Ref]:
        return [ref for ref, row in self.now().rows.items() if row.current]

    def meant(self, which: int) -> Ref:
        """An entry: mostly one that stands, half of the time the newest of them; else any that was ever sent."""
        standing = self.standing()
        if not standing or which % 4 == 0:
            return self.named[which % len(self.named)]
        return standing[-1 if which % 4 < 3 else which % len(standing)]

    def part(self, which: int, on: date) -> tuple[str, str]:
        """A target and a unit that has a part of it on the day, if there is any such."""
        parts = [(code, part.unit) for code, parts in self.now().parts.items() for part in parts if part.holds(on)]
        return parts[which % len(parts)] if parts else ("nowhere", UNITS[0])

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


def _level(part: Json) -> tuple[Decimal, str, date] | None:
    """A part's level in the model's words."""
    level = part.get("level")
    return level and (Decimal(level["value"]), level["standing"], date.fromisoformat(level["effective_on"]))


def _sum(told: Json) -> tuple[Decimal, Decimal | None]:
    total = told.get("numerator")
    return Decimal(told["target_value"]), None if total is None else Decimal(total)


def _figure(told: Json) -> Json:
    value, total = _sum(told)
    return {"value": value, "levels": {part["unit"]: _level(part) for part in told["parts"]}, "sum": total}


@pytest.fixture(params=["sqlite", "postgresql"])
def history(request: pytest.FixtureRequest, tmp_path: Path) -> type[History]:
    postgres = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    return type("History", (History,), {"folder": tmp_path, "postgres": postgres})


def test_whatever_happens_every_answer_is_that_of_a_plain_list(
    history: type[History], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_side, "POLL", 0.02)  # a restart waits for readers, and they look up only this often
    History.came.clear()
    History.lived = 0
    histories, steps = (int(request.config.getoption(name)) for name in ("--histories", "--steps"))
    if history.postgres is not None:
        histories = histories // 3 or 1  # the same code on another database, and slower
    lived = settings(
        max_examples=histories, stateful_step_count=steps, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck), database=None,
    )  # fmt: skip
    run_state_machine_as_test(history, settings=lived)
    print(f"{histories} histories, {History.lived} steps: {dict(History.came.most_common())}")
