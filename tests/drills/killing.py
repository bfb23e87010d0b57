"""Who is killed when: a schedule drawn from a seed, carried out while the clients act."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.drills.book import Book
from tests.drills.city import City
from tests.drills.clients import Actor, SetUp, Stage, everybody
from tests.drills.supervised import BackEnd, Victim

REPORTERS = 6
HAPPENS_WITHIN = 240.0
"""Seconds until a back end whose processes are back does again what is waited for."""
SIGN = {"targets": "recorded by targets", "evaluation": "read"}
"""By what a victim is seen to be at its work again; of the others: a submission is acknowledged."""
SIGNS = (0, 1, 1, 2, 3)
"""How many signs it is given; with none it is killed while it starts."""
LATEST = 0.8
"""Seconds after the last sign, or after the start, at which it is killed, at most."""


AS_EVER = 20091231
"""The seed of a run that is to be like the one before it."""


@dataclass(frozen=True)
class Moment:
    """When to kill: `delay` seconds after the sign has been seen `signs` times since the victim came back."""

    signs: int
    delay: float


class Executioner(Actor):
    """Kills one victim again and again, by its schedule, and brings it back each time."""

    def __init__(self, stage: Stage, name: str, victim: Victim, kills: int) -> None:
        super().__init__(stage, f"executioner of {name}")
        self.what = name
        self._victim = victim
        self.schedule = [Moment(self.luck.choice(SIGNS), self.luck.uniform(0, LATEST)) for _ in range(kills)]
        self.killed = 0
        self.while_starting = 0

    def play(self) -> None:
        """Carry the schedule out, and see the victim at its work once more."""
        began = time.monotonic()
        for moment in self.schedule:
            if moment.signs:
                self._victim.ready()
                self._see(moment.signs)
            self.stage.cut.wait(moment.delay)
            while not self._victim.kill():  # it ended by itself: a service that met no broker at its start
                assert not moment.signs, f"{self.what} ended by itself"
                self._victim.launch()
                self.stage.cut.wait(moment.delay)
            self.killed += 1
            print(f"{time.monotonic() - began:6.1f} s: {self.what} is killed, {moment}")
            self.while_starting += not moment.signs
            self._victim.launch()
        self._victim.ready()
        self._see(1)

    def _see(self, signs: int) -> None:
        sign = SIGN.get(self.what, "acknowledged")
        self.stage.book.wait(sign, signs, HAPPENS_WITHIN, self.stage.cut.is_set)


def chosen(seed: int | None, *, anew: bool) -> int:
    """The seed that was asked for, else a new one, else the same as ever."""
    if seed is not None:
        return seed
    return secrets.randbelow(2**32) if anew else AS_EVER


@contextmanager
def acting(back_end: BackEnd, seed: int) -> Iterator[Stage]:
    """A city on a back end and clients that act meanwhile; at the end they finish what they began.

    Raises what broke a client.
    """
    stage = Stage(City(back_end.url, back_end.issuer), Book(), seed, REPORTERS)
    set_up = SetUp(stage, "set up")
    set_up.run()  # in this thread
    raise_what_broke(stage, [set_up])
    clients = everybody(stage)
    for client in clients:
        client.start()
    try:
        yield stage
        stage.closing.set()
        raise_what_broke(stage, clients)
    finally:
        stage.closing.set()
        stage.cut.set()
        for client in clients:
            client.join()
        print(told(stage.book))


def drill(back_end: BackEnd, kills: int, seed: int) -> Stage:
    """Kill each victim of a back end so often, each on its own schedule, while clients act; what they wrote down."""
    began = time.monotonic()
    with acting(back_end, seed) as stage:
        executioners = [Executioner(stage, name, victim, kills) for name, victim in back_end.victims.items()]
        for executioner in executioners:
            executioner.start()
        raise_what_broke(stage, executioners)
        killed = ", ".join(f"{e.what} {e.killed} ({e.while_starting} while it started)" for e in executioners)
    print(f"killed: {killed}; {time.monotonic() - began:.0f} s; seed {seed}")
    return stage


def told(book: Book) -> str:
    """What was sent and answered, in one line."""
    entries = sum(len(s.body["entries"]) for s in book.submissions)
    answers = ", ".join(f"{count} × {what}" for what, count in sorted(book.answers.items()))
    repeated = sum(s.tries > 1 for s in book.submissions)
    return f"{len(book.submissions)} submissions with {entries} entries, {repeated} sent again; answers: {answers}"


def raise_what_broke(stage: Stage, actors: Sequence[Actor]) -> None:
    """Wait until all of these have ended; raise what broke first, of all that did."""
    for actor in actors:
        if actor.ident is not None:
            actor.join()
    if stage.broken:
        raise stage.broken[0]
