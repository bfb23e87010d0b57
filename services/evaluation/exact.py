"""Exact arithmetic at the price of whole numbers: a quantity as an integer count of its 10^-12.

A whole city is thousands of sums and ratios; `Fraction` reduces each of them, which no figure needs. Quantities have
at most 12 decimals, so an integer holds them exactly, ratios compare by multiplying out, and only the text of a
document is rounded (HALF_UP, 12 decimals).
"""

from __future__ import annotations

from collections.abc import Iterable

from shared.quantities import DECIMALS

ONE: int = 10**DECIMALS


# Nothing of this is remembered: to look for a figure that is new costs several times what it takes to work it out.
def scaled(text: str) -> int:
    """Valid quantity text as a count of 10^-12."""
    whole, _, decimals = text.partition(".")
    return int(whole + decimals.ljust(DECIMALS, "0"))


def total(texts: Iterable[str]) -> int | None:
    """What these quantities come to together; None where there is none."""
    found = [scaled(text) for text in texts]
    return sum(found) if found else None


def quantity_text(value: int) -> str:
    """A count of 10^-12 as canonical quantity text, however many digits a sum has before the point."""
    if value < 0:
        return "-" + quantity_text(-value)
    # Cutting the digits is twice as fast as dividing by 10^12.
    digits = str(value)
    if len(digits) <= DECIMALS:
        digits = digits.zfill(DECIMALS + 1)
    return f"{digits[:-DECIMALS]}.{digits[-DECIMALS:]}".rstrip("0").rstrip(".")


def ratio_text(numerator: int, denominator: int) -> str:
    """numerator / denominator as text: 12 decimals HALF_UP (halves away from zero), trailing zeros dropped.

    ZeroDivisionError when the denominator is 0. The same text as `shared.quantities.rate`.
    """
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    rounded = (2 * abs(numerator) * ONE + denominator) // (2 * denominator)
    return quantity_text(-rounded if numerator < 0 else rounded)
