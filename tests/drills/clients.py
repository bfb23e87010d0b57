"""Clients under faults: each sends until it is answered, under the same key, and writes down what it was told."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from datetime import date, timedelta

import httpx

from tests.drills import city as place
from tests.drills.book import Book, Command, Json, Seen, Sent, Submission
from tests.drills.city import IN_YEAR, NEVER_LOCKED, UNITS, YEAR, City, J

TRY_AGAIN = {429, 502, 503, 504}
"""What a client may be told of a fault: come again."""
SIZES = (1, 1, 1, 2, 3, 5, 8, 13, 25, 50)
"""Entries of a submission."""
PATIENCE = (1.0, 3.0, 12.0)
"""Seconds after which one or the other client takes silence for a failure and sends again, at first."""
PAUSE = 0.3
"""Seconds at most until it sends again, at first."""
AFTER_EACH_TRY, MOST_PATIENT = 1.3, 100.0
"""Both grow by this factor with each try of one request, up to so many times: a slow machine is not a failed one."""
LONGEST_PAUSE = 1.5
MOST_TRIES = 400
MOST_TARGETS = 40


@dataclass
class Stage:
    """What all clients share. `closing`: begin nothing new; `cut`: end at once."""

    city: City
    book: Book
    seed: int
    sources: int
    targets: list[str] = field(default_factory=lambda: list(place.TARGETS))
    broken: list[BaseException] = field(default_factory=list)
    """What some actor did not foresee; the first one ends the drill, the others follow from that."""
    closing: threading.Event = field(default_factory=threading.Event)
    cut: threading.Event = field(default_factory=threading.Event)

    def luck(self, whose: str) -> random.Random:
        """Chance that belongs to one of the drill's parts, the same for the same seed."""
        return random.Random(f"{self.seed} {whose}")


class Actor(threading.Thread):
    """Somebody on a thread of their own. What they did not foresee ends the whole drill."""

    def __init__(self, stage: Stage, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.stage = stage
        self.luck = stage.luck(name)

    def run(self) -> None:
        """Play the part."""
        try:
            self.play()
        except BaseException as error:
            self.stage.broken.append(error)
            self.stage.cut.set()
            self.stage.book.wake()

    def play(self) -> None:
        """The part."""
        raise NotImplementedError

    def pause(self, most: float) -> None:
        """Wait a random while, up to `most` seconds."""
        self.stage.cut.wait(self.luck.uniform(0, most))


class Client(Actor):
    """A caller of the back end, who goes on until the stage closes."""

    def __init__(self, stage: Stage, name: str, patience: float | None = None) -> None:
        super().__init__(stage, name)
        self.patience = patience or self.luck.choice(PATIENCE)
        self.http = stage.city.client(self.patience)

    def play(self) -> None:
        """Act, and act again."""
        with self.http:
            while not self.stage.closing.is_set():
                self.act()

    def act(self) -> None:
        """One thing that this client does."""
        raise NotImplementedError

    def deliver(
        self, kind: str, path: str, sent: Sent, headers: dict[str, str], stays: float = 1.0
    ) -> httpx.Response | None:
        """The answer to what is sent again until there is one; None where the client gave up.

        `stays` is how likely it tries once more.
        """
        book = self.stage.book
        sent.begun_at = time.monotonic()
        for n in range(MOST_TRIES):
            grown = min(AFTER_EACH_TRY**n, MOST_PATIENT)
            sent.tries += 1
            try:
                answer = self.http.post(path, json=sent.body, headers=headers, timeout=self.patience * grown)
            except httpx.HTTPError as error:
                book.answered(f"{kind} {type(error).__name__}")
            else:
                sent.turned_away += answer.status_code == 503
                sent.told_at = time.monotonic()
                book.answered(f"{kind} {answer.status_code}")
                if answer.status_code not in TRY_AGAIN:
                    return answer
            if self.stage.cut.is_set() or self.luck.random() > stays:
                return None
            self.pause(min(PAUSE * grown, LONGEST_PAUSE))
        raise TimeoutError(f"{MOST_TRIES} tries of {path}")

    def command(self, service: str, role: str, path: str, body: Json, key: str) -> Command:
        """Have a command done, or refused."""
        command = Command(f"urn:jikao:service:{service}", key, body, path=path)
        self.stage.book.commands.append(command)
        headers = self.stage.city.headers(role) | {"Idempotency-Key": key}
        answer = self.deliver("command", path, command, headers)
        if answer is None:
            return command
        if answer.status_code in (201, 202):
            command.outcome, command.token = "acknowledged", answer.headers["Jikao-Token"]
            command.recorded = answer.status_code == 201
            if command.recorded:
                self.stage.book.happened(f"recorded by {service}")
        else:
            command.outcome, command.code = "refused", _code(answer)
        return command


class Reporter(Client):
    """A source that reports levels, corrects and withdraws some of its own, and sometimes gives up on an answer."""

    def __init__(self, stage: Stage, n: int) -> None:
        super().__init__(stage, f"reporter {n}", PATIENCE[n % len(PATIENCE)])
        self.source = place.source(n)
        self.unit = UNITS[n % len(UNITS)]  # reporters that share a unit report the same series
        self.headers = stage.city.headers("county_system", self.unit, (self.source,))
        self.sent = 0
        self.own: list[tuple[Submission, int]] = []
        """Entries of ours that were taken in and name a figure: they can be corrected and withdrawn."""

    def act(self) -> None:
        """Report once."""
        self.report()
        self.pause(0.2)

    def report(self, stays: float = 0.95) -> Submission:
        """Send one submission until it is answered; `stays` is how likely each further try is made."""
        self.sent += 1
        submission = Submission(f"urn:jikao:source:{self.source}", f"night-{self.sent}", {"entries": self._entries()})
        self.stage.book.submissions.append(submission)
        headers = self.headers | {"Idempotency-Key": submission.key}
        answer = self.deliver("submission", f"{J}/progress", submission, headers, stays)
        if answer is None:
            return submission
        if answer.status_code == 202:
            receipt = answer.json()
            submission.sha256, submission.token = receipt["sha256"], receipt["token"]
            submission.outcome = "acknowledged"
            figures = [n for n, entry in enumerate(submission.body["entries"]) if entry["kind"] == "target"]
            self.own += [(submission, n) for n in figures[:2]]
            self.stage.book.happened("acknowledged")
        else:
            submission.outcome, submission.code = "refused", _code(answer)
            if submission.code != "PERIOD_IS_LOCKED":
                self.stage.book.strange.append(f"{submission}: {answer.status_code} {answer.text}")
        return submission

    def _entries(self) -> list[Json]:
        wanted = self.luck.choice(SIZES)
        places = {(self.luck.choice(self.stage.targets), self._day()) for _ in range(wanted)}
        entries: list[Json] = [
            {"kind": "target", "target": target, "unit": self.unit, "unit_of_measure": "km",
             "value": str(self.luck.randrange(1, 10_000) / 100), "effective_on": day}
            for target, day in sorted(places)
        ]  # fmt: skip
        for entry in entries:
            if self.own and self.luck.random() < 0.05:
                entry["corrects"] = self._named(*self.luck.choice(self.own))
        if self.own and self.luck.random() < 0.1:
            named = self._named(*self.luck.choice(self.own[-40:]))
            entries.append({"kind": "withdrawal", "withdraws": named})
        return entries

    def _day(self) -> str:
        return str(date(YEAR, 1, 1) + timedelta(days=self.luck.randrange(365)))

    def _named(self, submission: Submission, entry: int) -> Json:
        source, id = submission.identity
        return {"source": source, "id": id, "entry": entry}


class Office(Client):
    """The assessment office: issues targets and gives out their parts, locks months and opens them again."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage, "office")
        self.given = 0
        self.issued = len(stage.targets)
        self.on_their_way: list[str] = []
        """Targets that were taken, but may still be in the outbox: there, figures for them would be refused."""

    def act(self) -> None:
        """Issue one target with its parts, or have a month locked for a moment."""
        if self.luck.random() < 0.5 and self.issued < MOST_TARGETS:
            code = f"t{self.issued}"
            self.issued += 1
            self.order(f"{IN_YEAR}/targets", place.target(code))
            for part in place.parts(self.luck.randrange(len(UNITS))):
                self.order(f"{IN_YEAR}/targets/{code}/assignments", part)
            self.on_their_way.append(code)
        else:
            month = self.luck.choice([month for month in range(1, 13) if month != NEVER_LOCKED])
            body = {"month": month, "reason": "演练"}
            self.order(f"{IN_YEAR}/locks", body)
            self.pause(0.2)
            self.order(f"{IN_YEAR}/unlocks", body)
        self.pause(0.3)

    def order(self, path: str, body: Json) -> None:
        """Give one order. That it is refused would be strange: nobody else gives such orders."""
        self.given += 1
        command = self.command("targets", "office", path, body, f"order-{self.given}")
        if command.outcome == "refused":
            self.stage.book.strange.append(f"{command}")
        if command.recorded:  # an outbox is sent in order, so all that was taken before is on the log too
            self.stage.targets += self.on_their_way
            self.on_their_way = []


class Certifier(Client):
    """The certifying body: states verified values of entries that were taken in."""

    REFUSED = frozenset({"ENTRY_UNKNOWN", "ENTRY_NOT_CURRENT"})
    """What may be said of an entry: it was refused itself, or another one has taken its place."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage, "certifier")
        self.given = 0

    def act(self) -> None:
        """Verify one entry."""
        taken = self.stage.book.acknowledged()[-200:]
        if taken:
            submission = self.luck.choice(taken)
            figures = [n for n, entry in enumerate(submission.body["entries"]) if entry["kind"] == "target"]
            source, id = submission.identity
            body = {
                "entry": {"source": source, "id": id, "entry": self.luck.choice(figures)},
                "value": str(self.luck.randrange(1, 10_000) / 100),
                "unit_of_measure": "km",
            }
            self.given += 1
            command = self.command("evaluation", "certifier", f"{J}/verifications", body, f"verified-{self.given}")
            if command.outcome == "refused" and command.code not in self.REFUSED:
                self.stage.book.strange.append(f"{command}")
        self.pause(0.3)


class Auditor(Client):
    """Reads in the midst of it all: whatever is answered then must be answered for ever."""

    def act(self) -> None:
        """Ask what became of a submission, or for a figure, and keep the answer with its pin."""
        taken = self.stage.book.acknowledged()
        if taken and self.luck.random() < 0.5:
            self._of(self.luck.choice(taken[-50:]))
        else:
            self._figure()
        self.pause(0.2)

    def _of(self, submission: Submission) -> None:
        source, id = submission.identity
        path = f"{J}/submissions/{source.rpartition(':')[2]}/{id}"
        assert submission.token is not None
        answer = self.ask(path, after=submission.token)
        if answer is not None:
            # Repeats of it may still come to stand behind the first record, which stays what it is.
            self.stage.book.seen.append(Seen(path, (), "auditor", {"first": answer["records"][0]}))

    def _figure(self) -> None:
        code = self.luck.choice(self.stage.targets)
        day = str(date(YEAR, 1, 1) + timedelta(days=self.luck.randrange(365)))
        kind = self.luck.choice(["completion", "history"])
        path = f"{IN_YEAR}/targets/{code}/{kind}" if self.luck.random() < 0.8 else f"{IN_YEAR}/completion"
        answer = self.ask(path, as_of=day)
        if answer is not None:
            pin = answer["pin"]
            text = f"{pin['log']}.{pin['as_of']}.{pin['position']}.{pin['root']}"
            self.stage.book.seen.append(Seen(path, (("pin", text),), "auditor", answer))

    def ask(self, path: str, **params: str) -> Json | None:
        """The answer, if there is one just now."""
        book = self.stage.book
        try:
            answer = self.http.get(path, params=params, headers=self.stage.city.headers("auditor"))
        except httpx.HTTPError as error:
            book.answered(f"read {type(error).__name__}")
            return None
        book.answered(f"read {answer.status_code}")
        if answer.status_code == 200:
            book.happened("read")
            told: Json = answer.json()
            return told
        if answer.status_code not in TRY_AGAIN and "NO_SUCH_TARGET" not in answer.text:
            book.strange.append(f"{path} {params}: {answer.status_code} {answer.text}")
        return None


class SetUp(Client):
    """Sets the city up, before anything is killed."""

    def play(self) -> None:
        """Give every order until it is on the log: what comes next builds on it, and is refused otherwise."""
        with self.http:
            for n, (role, path, body) in enumerate(place.orders(self.stage.sources)):
                for _ in range(MOST_TRIES):
                    command = self.command("targets", role, path, body, f"set-up-{n}")
                    assert command.outcome == "acknowledged", command
                    if command.recorded:
                        break
                assert command.recorded, command


def everybody(stage: Stage) -> list[Client]:
    """All clients of a drill."""
    reporters: list[Client] = [Reporter(stage, n) for n in range(stage.sources)]
    return [*reporters, Office(stage), Certifier(stage), Auditor(stage, "auditor")]


def _code(answer: httpx.Response) -> str:
    return str(answer.json().get("code"))


__all__ = ["Auditor", "Certifier", "Client", "Office", "Reporter", "SetUp", "Stage", "everybody"]
