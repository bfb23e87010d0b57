"""Which engine judges a log: adopted one after another, never back. What was judged before stays as it was judged."""

from __future__ import annotations

from services.evaluation.errors import EngineIsInForce, EngineIsNotHere
from shared.contracts.logs import EngineAdopted
from shared.contracts.shapes import Shape
from shared.deciding import Fact, Stream
from shared.projections.judging import ENGINES


def engine_stream() -> Stream[int]:
    """The log's engine: 1 until another is adopted."""
    return Stream("engine", 1, evolve)


def adopt_engine(engine: int, in_force: int) -> list[Fact]:
    """EngineIsNotHere for one that this program lacks: every reader would stop at it. EngineIsInForce, or an older."""
    if engine not in ENGINES:
        raise EngineIsNotHere(engine=engine, here=sorted(ENGINES), faults=[EngineIsNotHere().fault("/engine")])
    if engine <= in_force:
        raise EngineIsInForce(engine=engine, in_force=in_force)
    return [Fact(EngineAdopted(engine=engine))]


def evolve(engine: int, fact: Shape) -> int:
    """Remember."""
    return fact.engine if isinstance(fact, EngineAdopted) else engine
