"""What the bodies of these routes are made of, and the roles that open them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from msgspec import UNSET
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from shared.contracts import shapes
from shared.http.fields import Label

OFFICE = ("office",)
ADMIN = ("admin",)
DECIDES_ADJUSTMENTS = ("office", "leader")
SEES_THE_CITY = ("office", "leader", "auditor", "inspector", "certifier")
"""Who may read the figures of all: an administrator has none, a unit its own."""
SEES_TARGETS = (*SEES_THE_CITY, "unit", "county_system")

_CODE = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"

CodeStr = Annotated[str, Field(strict=True, pattern=_CODE, description="Stable and unique.", examples=["transport"])]
UuidStr = Annotated[str, Field(strict=True, pattern=_UUID)]
Sha256Str = Annotated[str, Field(strict=True, pattern=r"^[0-9a-f]{64}$")]
ReasonStr = Annotated[
    str,
    Field(
        strict=True,
        min_length=1,
        max_length=500,
        pattern=r"^[^\x00-\x1f\x7f\ufffe\uffff]+$",
        description="Why, for ever in the log: no names of persons.",
        examples=["督查后调整"],
    ),
]
MonthNumber = Annotated[int, Field(strict=True, ge=1, le=12)]
TargetCode = Annotated[str, Path(pattern=_CODE, description="Code of the target.", examples=["roads"])]
UnitCode = Annotated[str, Path(pattern=_CODE, description="Code of the unit.", examples=["transport"])]


class Body(BaseModel):
    """A request body: unknown members are refused."""

    model_config = ConfigDict(extra="forbid")


def example(body: dict[str, JsonValue]) -> ConfigDict:
    """The configuration of a body that shows an example in the API's document."""
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [body]})


class MeasureBody(Body):
    """One thing that is reported of a target. The first one declared is the judged one."""

    code: CodeStr
    name: Label
    unit_of_measure: CodeStr

    def contract(self) -> shapes.Measure:
        """As facts carry it."""
        return shapes.Measure(code=self.code, name=label(self.name), unit_of_measure=self.unit_of_measure)


def label(name: Label) -> shapes.Label:
    """A name as facts carry it."""
    return shapes.Label(zh=name.zh, en=name.en or UNSET)


def shown(name: shapes.Label) -> Label:
    """A name as answers carry it."""
    return Label(zh=name.zh, en=name.en or None)


def measure(declared: shapes.Measure) -> MeasureBody:
    """A measure as answers carry it."""
    return MeasureBody(code=declared.code, name=shown(declared.name), unit_of_measure=declared.unit_of_measure)
