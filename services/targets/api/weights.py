"""Weights of each unit's targets, tilted to the province's by the year's rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import reduce
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.targets.api.asking import page_of, stream_version
from services.targets.api.shapes import OFFICE, SEES_TARGETS, Body, example
from services.targets.errors.weights import ShareOutOfRange
from services.targets.weights import Rule, Weighted, set_weight_rule, tilt, weight_rule_stream
from services.targets.year import while_allowed, year_stream
from shared.admission.errors import YearDoesNotAllow, YearIsNotOpen
from shared.contracts.targets import Issuer
from shared.http.answers import asking, changed
from shared.http.asking import AskedDep, View
from shared.http.fields import QuantityStr
from shared.http.ordering import ChangingDep, Recorded, YearNumber
from shared.http.pages import CursorInvalid, Page
from shared.http.pins import StandsAt
from shared.http.preconditions import etag
from shared.quantities import CONTEXT, parse, text
from shared.registry import ALWAYS, Registry, rows

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}/years/{year}", tags=["targets"])


class WeightRuleBody(Body):
    """The least share of each unit's weight that the province's targets have, in per cent."""

    model_config = example({"province_share": "30", "decimals": 2})

    province_share: QuantityStr
    decimals: Annotated[int, Field(strict=True, ge=0, le=6, description="Decimals of tilted weights.")] = 2


class WeightShown(BaseModel):
    """A target's weight among those of one unit: as issued, and as it counts."""

    target: str
    issuer: Issuer
    stated: str
    weight: str


class UnitWeights(BaseModel):
    """A unit's weighted targets by code. `total` is exactly the sum of `weight`, and of `stated`.

    `province` and `province_stated` are the province's parts of it.
    """

    unit: str
    targets: list[WeightShown]
    total: str
    province: str
    province_stated: str


class WeightRuleShown(BaseModel):
    """The year's rule."""

    province_share: str
    decimals: int


class WeightList(BaseModel):
    """Weights by unit. `rule` is null while none is set, and every weight counts as issued."""

    rule: WeightRuleShown | None
    items: list[UnitWeights]
    next_cursor: str | None
    pin: StandsAt


@router.post("/weight-rule", status_code=201, responses=changed(YearIsNotOpen, YearDoesNotAllow, ShareOutOfRange))
async def set_year_weight_rule(year: YearNumber, body: WeightRuleBody, ordering: ChangingDep) -> Recorded:
    """Say how weights tilt to the province's targets. The assessment office only; needs the ETag of the weights."""
    role = ordering.permit_whole(*OFFICE)
    rule = Rule(body.province_share, body.decimals)
    done = await ordering.execute(
        role, weight_rule_stream(year),
        while_allowed("plan", year, lambda standing, look: set_weight_rule(
            year, rule, standing, year_open=look.at(year_stream(year))
        )),
    )  # fmt: skip
    return ordering.recorded(str(year), done)


@router.get("/weights", responses=asking(CursorInvalid))
def list_weights(
    year: YearNumber,
    asked: AskedDep,
    page: Page,
    unit: Annotated[str | None, Query(description="Only this unit's.")] = None,
) -> WeightList:
    """The weights of what each unit within your scope answers for at `as_of`: lead and supporting parts.

    The ETag is the rule's, which another one must match.
    """
    asked.permit(*SEES_TARGETS)
    rules: list[rows.WeightRule | None] = []

    def found(view: View) -> list[tuple[tuple[str], UnitWeights]]:
        registry = view.registry
        rule, scope = registry.weight_rules.get(str(year), ALWAYS), asked.units(registry)
        rules.append(rule)
        asked.response.headers["ETag"] = etag(stream_version(view, weight_rule_stream(year).name))
        of_units = {
            registry.units.latest(id).code: targets
            for id, targets in _weighted(view, year).items()
            if scope is None or id in scope
        }
        return [((code,), _weights(code, of_units[code], rule)) for code in of_units if unit in (None, code)]

    items, cursor, pin = page_of(asked, page, f"weights {year} {unit}", found)
    standing = rules[0]
    shown = WeightRuleShown(province_share=standing.province_share, decimals=standing.decimals) if standing else None
    return WeightList(rule=shown, items=items, next_cursor=cursor, pin=pin)


def _weighted(view: View, year: int) -> dict[str, list[rows.Target]]:
    """The targets with a weight that each unit (by id) answers for, wholly or in part, on the day."""
    registry, day = view.registry, view.standpoint.as_of
    found: dict[str, list[rows.Target]] = {}
    for id, target in registry.targets_on(day):
        if target.year == year and target.weight is not None:
            for unit in _answering(registry, id, view):
                found.setdefault(unit, []).append(target)
    return found


def _answering(registry: Registry, target: str, view: View) -> set[str]:
    return {
        part.unit
        for _, part in registry.parts_of(target)
        if part.role != "coordination" and part.valid_on(view.standpoint.as_of)
    }


def _weights(unit: str, targets: Sequence[rows.Target], rule: rows.WeightRule | None) -> UnitWeights:
    weighted = [Weighted(each.code, each.weight, each.issuer == "province") for each in targets if each.weight]
    stated = {each.target: each.weight for each in weighted}
    counting = tilt(weighted, Rule(rule.province_share, rule.decimals)) if rule else stated
    issuers = {each.code: each.issuer for each in targets}
    shown = [
        WeightShown(target=code, issuer=issuers[code], stated=stated[code], weight=counting[code])
        for code in sorted(stated)
    ]
    theirs = [each for each in shown if each.issuer == "province"]
    return UnitWeights(
        unit=unit, targets=shown, total=_sum(each.weight for each in shown),
        province=_sum(each.weight for each in theirs), province_stated=_sum(each.stated for each in theirs),
    )  # fmt: skip


def _sum(weights: Iterable[str]) -> str:
    return text(reduce(CONTEXT.add, map(parse, weights), Decimal(0)))
