"""What became of each indicator in a run of the alignment: both inputs, the decision, and what is issued of it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from msgspec import UnsetType
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from services.targets.alignment_decisions import holds
from services.targets.api.complete import complete
from services.targets.api.shapes import shown
from services.targets.errors.alignments import AlignmentUnknown
from services.targets.issuing import Proposed, proposed
from services.targets.read_models.parts import parts_of
from services.targets.weights import Rule, Weighted, tilt
from shared.contracts.targets import (
    AlignedSide,
    AlignmentChoice,
    AlignmentOutcome,
    AlignmentReason,
    CatalogueItem,
    Category,
    Direction,
    Issuer,
    RollUp,
    Tag,
    TargetKind,
)
from shared.http.asking import View
from shared.http.fields import Label
from shared.registry import ALWAYS, Registry, rows


class AlignedSideShown(BaseModel):
    """What one catalogue said. `basis` (value or growth) and `period` say with what it can be compared."""

    code: str
    value: str | None
    unit_of_measure: str | None
    text: str | None
    kind: TargetKind
    direction: Direction
    basis: str
    period: str
    weight: str | None
    points: str | None
    bonus: bool


class DecisionShown(BaseModel):
    """What a person decided, on these two inputs; `by` is their opaque id. The outcome shows the value decided."""

    id: str
    choice: AlignmentChoice
    reason: str
    by: str
    position: int


class ProposedShown(BaseModel):
    """What is issued of an outcome. `issuer` is whose value it is; a bonus has the weight 0.

    `value` of a text is "100", in per cent. `roll_up` is sum where parts can be added up, else lead, unless the order
    to issue it says otherwise.
    """

    issuer: Issuer
    kind: TargetKind
    direction: Direction
    value: str
    unit_of_measure: str
    text: str | None
    bonus: bool
    weight: str | None
    points: str | None
    tags: list[Tag]
    roll_up: RollUp

    model_config = ConfigDict(from_attributes=True)


class OutcomeShown(BaseModel):
    """What became of one indicator, with both inputs and the reason.

    `city_indicator` is the city's own code, where a person has confirmed that it means the same. `target` is null of
    what is not issued: it doesn't apply, or waits for a decision.
    """

    indicator: str
    city_indicator: str | None
    name: Label
    category: Category
    matched: bool
    bonus: bool
    reason: AlignmentReason
    province: AlignedSideShown | None
    city: AlignedSideShown | None
    value: str | None
    unit_of_measure: str | None
    decision: DecisionShown | None
    target: ProposedShown | None


class WeighedOutcome(OutcomeShown):
    """The same, and its weight among all that the run proposes, tilted to the province's by the year's rule.

    As stated while no rule is set; null where none is stated. A unit's own weights, once it has parts, are at
    `/weights`.
    """

    tilted_weight: str | None


def complete_run(view: View, year: int, alignment: str) -> tuple[rows.Alignment, list[AlignmentOutcome]]:
    """A run of the year and its outcomes by indicator, if it was complete. AlignmentUnknown."""
    found = complete(view, year, view.registry.alignments).get(alignment)
    if found is None:
        raise AlignmentUnknown(alignment=alignment)
    closed_at, row = found
    return row, parts_of(view.tables).outcomes(view.db, view.standpoint.log, alignment, closed_at)


class Decisions:
    """The last decision about each indicator of a year, as known where the question stands."""

    def __init__(self, registry: Registry, year: int) -> None:
        self._position = registry.decisions.position
        found = (row for row in registry.decisions.on(ALWAYS) if row[1].year == year)
        self._of = {row.indicator: (id, row) for id, row in found}  # in the order of the log, so the last one stays

    def about(self, outcome: AlignmentOutcome) -> tuple[DecisionShown, rows.AlignmentDecision] | None:
        """The decision that holds for this outcome; None where its inputs were others, or none was needed."""
        id, row = self._of.get(outcome.indicator, (None, None))
        if id is None or row is None or not holds(row, outcome):
            return None
        shown = DecisionShown(id=id, choice=row.choice, reason=row.reason, by=row.by, position=self._position(id))
        return shown, row


@dataclass(frozen=True, slots=True)
class AlignedRun:
    """A complete run, with the items of both catalogues (by code) that it was made of, and the decisions."""

    row: rows.Alignment
    outcomes: list[AlignmentOutcome]
    province: dict[str, CatalogueItem]
    city: dict[str, CatalogueItem]
    decisions: Decisions

    def proposed(self, outcome: AlignmentOutcome) -> Proposed | None:
        """What is issued of it."""
        decided = self.decisions.about(outcome)
        return proposed(
            outcome, province=_item(outcome.province, self.province), city=_item(outcome.city, self.city),
            decision=decided[1] if decided else None,
        )  # fmt: skip

    def shown(self, outcome: AlignmentOutcome) -> OutcomeShown:
        """As answers carry it, with the decision that holds."""
        decided = self.decisions.about(outcome)
        value, unit_of_measure = outcome.value or None, outcome.unit_of_measure or None
        if decided is not None:
            value, unit_of_measure = decided[1].value, decided[1].unit_of_measure
        return OutcomeShown(
            indicator=outcome.indicator, city_indicator=outcome.city_indicator or None, name=shown(outcome.name),
            category=outcome.category, matched=outcome.matched, bonus=outcome.bonus, reason=outcome.reason,
            province=_side(outcome.province, self.province), city=_side(outcome.city, self.city),
            value=value, unit_of_measure=unit_of_measure, decision=decided[0] if decided else None,
            target=ProposedShown.model_validate(wanted) if (wanted := self.proposed(outcome)) else None,
        )  # fmt: skip

    def tilted(self, rule: rows.WeightRule | None) -> dict[str, str]:
        """The weight of everything that has one, by indicator, among all that the run proposes."""
        found = [each for each in map(self.proposed, self.outcomes) if each is not None]
        weighted = [Weighted(each.indicator, each.weight, each.issuer == "province") for each in found if each.weight]
        if rule is None:
            return {each.target: each.weight for each in weighted}
        return tilt(weighted, Rule(rule.province_share, rule.decimals))


def aligned_run(view: View, year: int, alignment: str) -> AlignedRun:
    """A run with all that went into it, as it stands where the question does. AlignmentUnknown."""
    row, outcomes = complete_run(view, year, alignment)
    parts, log = parts_of(view.tables), view.standpoint.log
    province, city = (
        {item.code: item for item in parts.items(view.db, log, id, view.registry.catalogues.position(id))}
        for id in (row.province, row.city)
    )
    added = _additions(view, year, view.registry.alignments.position(alignment))
    return AlignedRun(row, outcomes, province, added | city, Decisions(view.registry, year))


def _additions(view: View, year: int, at: int) -> dict[str, CatalogueItem]:
    """The city's own additions as they stood when the run was made, whatever was withdrawn since; by code."""
    c = view.tables.core.versions.c
    stood = (c.log == view.standpoint.log, c.kind == "addition", c.known_from < at, c.known_until > at)
    found = view.db.execute(select(c.body).where(*stood).order_by(c.known_from)).scalars()
    added = (msgspec.json.decode(body, type=rows.CatalogueAddition) for body in found)
    return {each.item.code: each.item for each in added if each.year == year and each.withdrawn is None}


def _item(side: AlignedSide | UnsetType, items: dict[str, CatalogueItem]) -> CatalogueItem | None:
    return None if isinstance(side, UnsetType) else items[side.code]


def _side(side: AlignedSide | UnsetType, items: dict[str, CatalogueItem]) -> AlignedSideShown | None:
    if isinstance(side, UnsetType):
        return None
    item = items[side.code]
    return AlignedSideShown(
        code=side.code, value=side.value or None, unit_of_measure=side.unit_of_measure or None, text=side.text or None,
        kind=item.kind, direction=item.direction, basis=item.basis, period=item.period, weight=item.weight or None,
        points=item.points or None, bonus=item.bonus,
    )  # fmt: skip
