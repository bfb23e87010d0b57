"""Fields that several bodies and answers of this service share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from shared.contracts import shapes
from shared.http.fields import Label

CodeStr = Annotated[
    str, Field(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="A code, unique of its kind.")
]


class In(BaseModel):
    """A body; unknown members are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def example(body: dict[str, JsonValue]) -> ConfigDict:
    """The configuration of a body that shows an example in the API's document."""
    return ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [body]})


class MeasureIn(In):
    """One thing that is reported of a project."""

    code: CodeStr = Field(examples=["investment"])
    name: Label
    unit_of_measure: CodeStr = Field(examples=["yi_yuan"])


class MeasureOut(BaseModel):
    """One thing that is reported of a project, in this unit of measure."""

    code: str
    name: Label
    unit_of_measure: str


def label(given: Label) -> shapes.Label:
    """A name as facts carry it."""
    return shapes.Label(zh=given.zh) if given.en is None else shapes.Label(zh=given.zh, en=given.en)


def shown(kept: shapes.Label) -> Label:
    """A name as answers carry it."""
    return Label(zh=kept.zh, en=kept.en if isinstance(kept.en, str) else None)


def measure_shown(kept: shapes.Measure) -> MeasureOut:
    """A measure as answers carry it."""
    return MeasureOut(code=kept.code, name=shown(kept.name), unit_of_measure=kept.unit_of_measure)
