"""Quantities: exact decimals, written one way, in units of measure that convert exactly.

Figures are compared and published to the last digit, so nothing here is ever a float, and nothing depends on
the thread's decimal context: what has to be computed is computed in `CONTEXT`, or as an exact fraction.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from fractions import Fraction
from types import MappingProxyType
from typing import Annotated, ClassVar

import msgspec

from shared.errors import Malformed, RuleBroken

QUANTITY_PATTERN = r"^-?(0|[1-9][0-9]{0,19})(\.[0-9]{1,12})?$"
"""Plain decimal text: at most 20 ASCII digits before the point and 12 behind it; no exponent, no plus."""

DECIMALS = 12
INTEGER_DIGITS = 20

CONTEXT = Context(
    prec=60,
    rounding=ROUND_HALF_EVEN,
    Emin=-999_999,
    Emax=999_999,
    capitals=1,
    clamp=0,
    flags=[],
    traps=[InvalidOperation, DivisionByZero, Overflow],
)
"""The only context for arithmetic on quantities; pass it (`CONTEXT.add(a, b)`), never set it."""

_EXACT = CONTEXT.copy()
_EXACT.traps[Inexact] = True

# Python's `$` also matches before a final newline, JSON Schema's does not: with the look-ahead both mean the end.
Quantity = Annotated[str, msgspec.Meta(pattern=QUANTITY_PATTERN + r"(?!\n)")]

_QUANTITY = re.compile(QUANTITY_PATTERN)


class NotAQuantity(Malformed):
    """A quantity is plain decimal text with at most 20 digits before the point and 12 behind it."""

    zh: ClassVar[str] = "数值须为普通十进制文本,整数部分不超过20位,小数部分不超过12位。"


class UnknownUnitOfMeasure(Malformed):
    """There is no such unit of measure."""

    zh: ClassVar[str] = "没有这个计量单位。"


class OtherDimension(RuleBroken):
    """These units of measure belong to different dimensions, so one cannot be converted into the other."""

    zh: ClassVar[str] = "两个计量单位的量纲不同,不能换算。"


class TooManyDecimals(RuleBroken):
    """In that unit of measure the quantity would need more than 12 decimals."""

    zh: ClassVar[str] = "换算后的数值需要12位以上小数,不能精确表示。"


@dataclass(frozen=True, slots=True)
class UnitOfMeasure:
    """A unit of measure; `factor` is how many of its dimension's base unit it holds, a power of ten."""

    code: str
    zh: str
    en: str
    dimension: str
    factor: Decimal


def _units(*rows: tuple[str, str, str, str, int]) -> Mapping[str, UnitOfMeasure]:
    return MappingProxyType(
        {code: UnitOfMeasure(code, zh, en, dimension, Decimal(factor)) for code, zh, en, dimension, factor in rows}
    )


UNITS: Mapping[str, UnitOfMeasure] = _units(
    ("yuan", "元", "yuan", "money", 1),
    ("wan_yuan", "万元", "10,000 yuan", "money", 10**4),
    ("yi_yuan", "亿元", "100 million yuan", "money", 10**8),
    ("person", "人", "persons", "persons", 1),
    ("wan_person", "万人", "10,000 persons", "persons", 10**4),
    ("person_time", "人次", "person-times", "person-times", 1),
    ("wan_person_time", "万人次", "10,000 person-times", "person-times", 10**4),
    ("household", "户", "households", "households", 1),
    ("wan_household", "万户", "10,000 households", "households", 10**4),
    ("m", "米", "metres", "length", 1),
    ("km", "公里", "kilometres", "length", 10**3),
    ("m2", "平方米", "square metres", "area", 1),
    ("piece", "个", "pieces", "pieces", 1),
    ("place", "所", "institutions", "places", 1),
    ("opening", "口", "wells and openings", "openings", 1),
    ("item", "项", "items", "items", 1),
    ("yuan_per_person_month", "元/人·月", "yuan per person and month", "money per person and month", 1),
    ("percent", "%", "per cent", "share", 1),
)
"""By code. Only units of one dimension convert into one another."""


def parse(text: str) -> Decimal:
    """The exact value of quantity text; `-0` is 0. Raises NotAQuantity."""
    if _QUANTITY.fullmatch(text) is None:
        raise NotAQuantity(text=text[:64])
    return Decimal(text) or Decimal(0)


def text(value: Decimal) -> str:
    """The canonical text: no trailing zeros, no exponent, never `-0`.

    Raises NotAQuantity, rather than round, over 12 decimals or 20 digits before the point.
    """
    written = _plain(value)
    if len(written.partition(".")[2]) > DECIMALS:
        raise NotAQuantity(text=str(value)[:64])
    return written


def convert(value: Decimal, source: str, target: str) -> Decimal:
    """`value` in unit `source`, expressed exactly in unit `target` (codes of UNITS).

    Raises UnknownUnitOfMeasure, OtherDimension, TooManyDecimals (more than 12 needed), NotAQuantity (over 20
    digits before the point).
    """
    old, new = _unit(source), _unit(target)
    if old.dimension != new.dimension:
        raise OtherDimension(source=source, target=target)
    try:
        converted = _plain(_EXACT.divide(_EXACT.multiply(value, old.factor), new.factor))
    except Inexact:
        raise TooManyDecimals(source=source, target=target) from None
    if len(converted.partition(".")[2]) > DECIMALS:
        raise TooManyDecimals(source=source, target=target)
    return Decimal(converted)


NOT_CONVERTIBLE = (UnknownUnitOfMeasure, OtherDimension, TooManyDecimals, NotAQuantity)
"""What `convert` and `convert_text` may raise."""


def canonical_text(quantity: str) -> str:
    """Valid quantity text without trailing zeros, `-0` as `0`: what ledgers and registries keep."""
    if "." in quantity:
        quantity = quantity.rstrip("0").rstrip(".")
    return "0" if quantity == "-0" else quantity


def convert_text(quantity: str, source: str, target: str) -> str:
    """`convert` from valid text to canonical text; a unit converts into itself without arithmetic."""
    if source == target and source in UNITS:
        return canonical_text(quantity)
    return text(convert(parse(quantity), source, target))


def rate(numerator: Decimal, denominator: Decimal) -> str:
    """The ratio (not per cent) to 12 decimals HALF_UP, trailing zeros dropped: documents show it beside both.

    Rules compare the exact fraction instead. Raises ZeroDivisionError: a target of 0 is refused at its issue.
    """
    shown_in_full = shown(Fraction(numerator) / Fraction(denominator), DECIMALS)
    return shown_in_full.rstrip("0").rstrip(".")


def shown(value: Fraction | Decimal, places: int) -> str:
    """`value` for people: HALF_UP (halves away from zero) to exactly `places` decimals; never `-0`."""
    numerator, denominator = value.as_integer_ratio()
    scaled = (2 * abs(numerator) * 10**places + denominator) // (2 * denominator)
    digits = str(scaled).zfill(places + 1)
    sign = "-" if numerator < 0 and scaled else ""
    whole = digits[: len(digits) - places]
    return f"{sign}{whole}.{digits[len(digits) - places :]}" if places else f"{sign}{whole}"


def _unit(code: str) -> UnitOfMeasure:
    try:
        return UNITS[code]
    except KeyError:
        raise UnknownUnitOfMeasure(unit=code) from None


def _plain(value: Decimal) -> str:
    """All digits, no exponent or trailing zeros. NotAQuantity if not finite or over 20 integer digits."""
    if not value.is_finite():
        raise NotAQuantity(text=str(value))
    if not value:
        return "0"
    if value.adjusted() >= INTEGER_DIGITS:
        raise NotAQuantity(text=str(value)[:64])
    # Fixed-point formatting without a precision keeps every digit, whatever the thread's context says.
    written = f"{value:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written
