"""Scoring methods (计分方法): their names and parameters, checked when a target is issued and kept for its scoring.

`W` points, `r = a/t`, `R = 100·r`; what is scored with them is computed elsewhere, at the year's end.

    proportional  W·min(1, r), never below 0
    reverse       a <= t: W; above: W·(2 - r), not below 0
    per_point     W + clamp(k·(R - 100)/step): `k` points for each `step` pp (1 unless stated) above or below 100, in
                  proportion or for whole steps only (`mode`), at most `max_bonus` more and `max_deduction` less
    tiered        the same piece by piece: from each `from` (in %, ascending, the first 0) on `per_pp` points a pp
    efficacy      功效系数: 60 + 40·(x - low)/(high - low), ends swapped for reverse; `low` and `high` are those of the
                  peer group unless both are stated
    band          each band of a qualitative target has its `points`
    met           W or 0
    rank          `points` by place in the peer group: the first place, the second, …, never rising
    expert        the mean of judges, the highest and lowest dropped from `trim_from` judges on (5 unless stated)

Every method can be weighted by `periods`, whose shares add to 100 %: quarters 15/25/25/35 with 8, 9, 10, 9 give 9.10.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from services.targets.errors import at
from services.targets.errors.kinds import SharesDoNotAddUp
from services.targets.errors.scoring import (
    ScoringDoesNotFit,
    ScoringParameterInvalid,
    ScoringParameterMissing,
    ScoringParametersDoNotFit,
    ScoringParameterUnknown,
)
from shared.contracts.shapes import CODE_PATTERN
from shared.contracts.target_kinds import Scoring, ScoringMethod
from shared.contracts.targets import Direction, TargetKind
from shared.quantities import NotAQuantity, canonical_text, parse

Row = dict[str, str]
Check = Callable[[object, str], str | list[Row]]
"""The value of a parameter as facts carry it; ScoringParameterInvalid at the pointer."""
PARAMETERS = "/scoring/parameters"
_CODE = re.compile(CODE_PATTERN)
MOST_ROWS = 50


@dataclass(frozen=True, slots=True)
class StatedScoring:
    """A method and its parameters, as somebody stated them."""

    method: ScoringMethod
    parameters: Mapping[str, object]


def _invalid(pointer: str, allowed: str) -> Exception:
    return at(ScoringParameterInvalid, pointer, allowed=allowed)


def _quantity(least: Decimal, most: Decimal | None = None, *, above: bool = False) -> Callable[[object, str], str]:
    bound = f"{'above' if above else 'at least'} {least}" + (f", at most {most}" if most is not None else "")

    def check(value: object, pointer: str) -> str:
        try:
            number = parse(value) if isinstance(value, str) else None
        except NotAQuantity:
            number = None
        if number is None or number < least or (above and number == least) or (most is not None and number > most):
            raise _invalid(pointer, f"a quantity as text, {bound}")
        assert isinstance(value, str)
        return canonical_text(value)

    return check


def _whole(least: int) -> Callable[[object, str], str]:
    def check(value: object, pointer: str) -> str:
        if not isinstance(value, str) or not re.fullmatch("[1-9][0-9]{0,3}", value) or int(value) < least:
            raise _invalid(pointer, f"a whole number as text, at least {least}")
        return value

    return check


def _word(*words: str) -> Callable[[object, str], str]:
    def check(value: object, pointer: str) -> str:
        if value not in words:
            raise _invalid(pointer, " | ".join(words))
        return str(value)

    return check


def _code(value: object, pointer: str) -> str:
    if not isinstance(value, str) or _CODE.fullmatch(value) is None:
        raise _invalid(pointer, "a code")
    return value


def _rows(**members: Callable[[object, str], str]) -> Check:
    allowed = f"1 to {MOST_ROWS} rows of {', '.join(members).replace('from_', 'from')}"

    def check(value: object, pointer: str) -> list[Row]:
        if not isinstance(value, list) or not 1 <= len(value) <= MOST_ROWS:
            raise _invalid(pointer, allowed)
        rows = []
        for n, row in enumerate(value):
            names = {name.rstrip("_") for name in members}
            if not isinstance(row, dict) or set(row) != names:
                raise _invalid(f"{pointer}/{n}", f"the members {', '.join(sorted(names))}")
            rows.append(
                {
                    (name := member.rstrip("_")): checked(row[name], f"{pointer}/{n}/{name}")
                    for member, checked in members.items()
                }
            )
        return rows

    return check


ZERO, ONE_HUNDRED = Decimal(0), Decimal(100)
NOT_NEGATIVE, POSITIVE = _quantity(ZERO), _quantity(ZERO, above=True)
CAPS: Mapping[str, Check] = {"max_bonus": NOT_NEGATIVE, "max_deduction": NOT_NEGATIVE}
PERIODS: Mapping[str, Check] = {"periods": _rows(code=_code, share=_quantity(ZERO, ONE_HUNDRED, above=True))}

NEEDED: Mapping[ScoringMethod, Mapping[str, Check]] = {
    "proportional": {},
    "reverse": {},
    "per_point": {"k": POSITIVE, **CAPS},
    "tiered": {"tiers": _rows(from_=NOT_NEGATIVE, per_pp=NOT_NEGATIVE), **CAPS},
    "efficacy": {},
    "band": {"points": _rows(code=_code, points=NOT_NEGATIVE)},
    "met": {},
    "rank": {"points": _rows(points=NOT_NEGATIVE)},
    "expert": {},
}
"""What each method cannot do without."""

OPTIONAL: Mapping[ScoringMethod, Mapping[str, Check]] = {
    "per_point": {"step": POSITIVE, "mode": _word("proportional", "whole")},
    "efficacy": {"low": _quantity(Decimal(-(10**20))), "high": _quantity(Decimal(-(10**20)))},
    "expert": {"trim_from": _whole(3)},
}


def scoring_of(stated: StatedScoring, kind: TargetKind, direction: Direction, bands: Iterable[str]) -> Scoring:
    """The method as facts carry it, for a target of this kind and direction with bands of these codes.

    ScoringDoesNotFit at /scoring/method; at a parameter, whatever is wrong with it.
    """
    method = stated.method
    if (method == "reverse" and direction != "lower") or (method == "band" and kind != "qualitative"):
        raise at(ScoringDoesNotFit, "/scoring/method", method=method, kind=kind, direction=direction)
    needed = NEEDED[method]
    known = {**needed, **OPTIONAL.get(method, {}), **PERIODS}
    for name in stated.parameters:
        if name not in known:
            escaped = name.replace("~", "~0").replace("/", "~1")
            raise at(ScoringParameterUnknown, f"{PARAMETERS}/{escaped}", method=method, allowed=", ".join(known))
    for name in needed:
        if name not in stated.parameters:
            raise at(ScoringParameterMissing, f"{PARAMETERS}/{name}", method=method)
    found = {
        name: check(stated.parameters[name], f"{PARAMETERS}/{name}")
        for name, check in known.items()
        if name in stated.parameters
    }
    _require_periods(found)
    _require_consistent(method, found, set(bands))
    return Scoring(method=method, parameters=found)


def _require_periods(found: Mapping[str, str | list[Row]]) -> None:
    periods = _rows_of(found, "periods")
    if not periods:
        return
    total = sum((parse(row["share"]) for row in periods), ZERO)
    if total != ONE_HUNDRED:
        raise at(SharesDoNotAddUp, f"{PARAMETERS}/periods", sum=str(total))
    _require_distinct([row["code"] for row in periods], "periods")


def _require_consistent(method: ScoringMethod, found: Mapping[str, str | list[Row]], bands: set[str]) -> None:
    match method:
        case "tiered":
            starts = [parse(row["from"]) for row in _rows_of(found, "tiers")]
            if starts[0] != 0 or any(later <= earlier for earlier, later in pairwise(starts)):
                raise _contradicts("tiers", "from 0 on, ascending")
        case "efficacy":
            if ("low" in found) != ("high" in found):
                raise _contradicts("low" if "low" in found else "high", "low and high, or neither")
            if "low" in found and parse(str(found["low"])) > parse(str(found["high"])):
                raise _contradicts("high", "at least low")
        case "band":
            codes = [row["code"] for row in _rows_of(found, "points")]
            _require_distinct(codes, "points")
            if set(codes) != bands:
                raise _contradicts("points", f"each of the target's bands: {', '.join(sorted(bands))}")
        case "rank":
            points = [parse(row["points"]) for row in _rows_of(found, "points")]
            if any(later > earlier for earlier, later in pairwise(points)):
                raise _contradicts("points", "from the first place on, never rising")
        case _:
            pass


def _require_distinct(codes: Sequence[str], parameter: str) -> None:
    if len(set(codes)) < len(codes):
        raise _contradicts(parameter, "each code once")


def _contradicts(parameter: str, allowed: str) -> Exception:
    return at(ScoringParametersDoNotFit, f"{PARAMETERS}/{parameter}", allowed=allowed)


def _rows_of(found: Mapping[str, str | list[Row]], name: str) -> list[Row]:
    rows = found.get(name, [])
    assert isinstance(rows, list)
    return rows
