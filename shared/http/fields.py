"""Types of fields in request bodies that take exactly what we document, where pydantic would be lenient.

Pydantic's lax mode takes 0 as a date, floats and full-width digits as decimals; its strict mode refuses
dates as text.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from shared.quantities import QUANTITY_PATTERN

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")


def _only_a_date(value: object) -> object:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value  # our own code builds answers with dates; JSON has none
    if isinstance(value, str) and _DATE.fullmatch(value):
        return value
    raise ValueError("a date is text as in 2009-07-31")


StrictDate = Annotated[
    date,
    BeforeValidator(_only_a_date),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2009-07-31"]}),
]
"""A calendar date; only text `YYYY-MM-DD` is taken."""


def _only_digits(value: object) -> object:
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise ValueError("a whole number is digits only, without a sign or leading zeros")
    return value


WholeNumber = Annotated[int, BeforeValidator(_only_digits)]
"""A number in a path or a query: `10`; not `1_0`, `+10`, `10.0` or ` 10`, which pydantic takes for it too."""


def _true_or_false(value: object) -> object:
    if isinstance(value, str) and value not in ("true", "false"):
        raise ValueError("true or false")
    return value


Flag = Annotated[bool, BeforeValidator(_true_or_false)]
"""A yes or no in a query: `true` or `false`; not `on`, `1` or `T`, which pydantic takes for it too."""

QuantityStr = Annotated[
    str,
    Field(
        strict=True,
        pattern=QUANTITY_PATTERN,
        description="Plain decimal text: at most 20 digits before the point and 12 behind it.",
        examples=["74.5"],
    ),
]
"""A quantity as canonical decimal text, as it was sent; `shared.quantities.parse` gives its value."""

Text = Annotated[str, Field(strict=True, min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f\ufffe\uffff]+$")]
"""One line of text for people, without control characters (PostgreSQL takes no NUL) and what XML never takes."""


Name = Annotated[str, Field(strict=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f\ufffe\uffff]+$")]
"""A name as facts may carry it: what is longer would make the record invalid under its contract."""


class Label(BaseModel):
    """A name in Chinese, and in English where there is one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zh: Name = Field(examples=["固定资产投资"])
    en: Name | None = Field(default=None, exclude_if=lambda en: en is None, examples=["Investment in fixed assets"])
