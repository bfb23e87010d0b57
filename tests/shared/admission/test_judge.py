"""Which entries count, and why the others do not: sentences that an assessment office could check."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from shared.admission import (
    Counted,
    EntryKey,
    EntryState,
    Identity,
    Judgement,
    Known,
    Refused,
    Series,
    Withdrawn,
    judge,
    judge_standing,
)
from shared.admission import errors as refusals
from shared.contracts import decomposition, organisation, projects, target_tables, targets
from shared.contracts.shapes import EntryRef, Label, Measure, Shape
from shared.contracts.target_kinds import Step
from shared.errors import Refusal
from shared.kinds import USUAL_BANDS
from shared.registry import Registry, changes
from shared.year_states import ORDER as STATES
from shared.year_states import YearState

NEW_YEAR, JULY, TODAY = date(2009, 1, 1), date(2009, 7, 31), date(2009, 8, 12)
ROADS, MEDICAL, LEAD, COUNTY, STEEL, STADIUM, STAND = "roads", "medical", "lead", "county", "steel", "stadium", "stand"
KM = Measure(code="length", name=Label(zh="里程"), unit_of_measure="km")
MONEY = Measure(code="investment", name=Label(zh="完成投资"), unit_of_measure="yi_yuan")
PLACED = Measure(code="funds_in_place", name=Label(zh="到位资金"), unit_of_measure="yi_yuan")


def issued(code: str, *, kind: targets.TargetKind = "cumulative", on: date = NEW_YEAR) -> targets.TargetIssued:
    return targets.TargetIssued(
        target=code, year=2009, code=code, name=Label(zh=code), issuer="city", category="livelihood", kind=kind,
        direction="higher", value="60", measures=[KM], roll_up="sum", tags=[], effective_on=on,
    )  # fmt: skip


def assigned(part: str, target: str, unit: str, role: targets.AssignmentRole = "lead", **more: str) -> Shape:
    return targets.AssignmentMade(assignment=part, target=target, unit=unit, role=role, valid_from=NEW_YEAR, **more)


def unit(code: str) -> Shape:
    return organisation.UnitRegistered(unit=code, code=code, name=Label(zh=code), kind="county", valid_from=NEW_YEAR)


def project(code: str, *, parent: str | None = None) -> Shape:
    return projects.ProjectRegistered(
        project=code, year=2009, code=code, name=Label(zh=code), level="municipal", phase="new", unit=LEAD,
        parent=parent or UNSET, groups=[], measures=[MONEY, PLACED], valid_from=NEW_YEAR,
    )  # fmt: skip


CITY: Sequence[Shape] = (
    targets.YearOpened(year=2009, time_progress="by_month"),
    unit(LEAD), unit(COUNTY),
    issued(ROADS), assigned("roads/lead", ROADS, LEAD),
    issued(MEDICAL), assigned("medical/lead", MEDICAL, LEAD, value="40"),
    assigned("medical/county", MEDICAL, COUNTY, "supporting", value="20"),
    project(STEEL), project(STADIUM), project(STAND, parent=STADIUM),
)  # fmt: skip


def registry(*more: Shape) -> Registry:
    standing = Registry()
    for position, fact in enumerate([*CITY, *more]):
        for change in changes(fact, "office clerk", standing):
            standing.put(change.kind, change.id, change.effective_on, change.row, position)
    return standing


def figure(value: str = "54.5", on: date = JULY, **more: object) -> projects.TargetFigure:
    entry = {"target": ROADS, "unit_of_measure": "km", **more}
    return projects.TargetFigure(value=value, effective_on=on, **entry)  # type: ignore[arg-type]


def investment(code: str = STEEL, value: str = "22.5", on: date = JULY, **more: object) -> projects.ProjectFigure:
    entry = {"unit_of_measure": "yi_yuan", **more}
    return projects.ProjectFigure(project=code, value=value, effective_on=on, **entry)  # type: ignore[arg-type]


def judged(*entries: projects.Entry, after: Sequence[Shape] = (), known: Known | None = None) -> Judgement:
    submission = projects.ProgressSubmitted(entries=list(entries))
    return judge(submission, ("county", "1"), "hash", TODAY, registry(*after), known or Known(entries={}))


def outcome(entry: projects.Entry, *after: Shape, known: Known | None = None) -> object:
    return judged(entry, after=after, known=known).outcomes[0]


def refused(entry: projects.Entry, *after: Shape, known: Known | None = None) -> tuple[type[Refusal], int | None]:
    result = outcome(entry, *after, known=known)
    assert isinstance(result, Refused), result
    return result.why, result.because


def test_a_figure_counts_for_the_only_part_and_the_judged_measure() -> None:
    assert outcome(figure("54.50")) == Counted(
        Series(2009, "target", ROADS, "length", "roads/lead"), JULY, "54.5", None
    )


def test_a_figure_in_another_unit_of_the_dimension_is_converted_exactly() -> None:
    assert outcome(figure("54500", unit_of_measure="m")) == outcome(figure("54.5"))


def test_a_project_figure_counts_for_the_project_itself() -> None:
    assert outcome(investment()) == Counted(Series(2009, "project", STEEL, "investment", STEEL), JULY, "22.5", None)


def test_a_second_measure_is_a_series_of_its_own() -> None:
    counted = outcome(investment(measure="funds_in_place"))
    assert isinstance(counted, Counted)
    assert counted.series.measure == "funds_in_place"


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (figure(on=date(2008, 12, 31)), refusals.YearIsNotOpen),
        (figure(on=date(2009, 8, 13)), refusals.DateInFuture),
        (figure(target="bridges"), refusals.TargetUnknown),
        (figure(unit="nobody"), refusals.PartUnknown),
        (figure(target=MEDICAL), refusals.PartIsAmbiguous),
        (figure(measure="width"), refusals.MeasureUnknown),
        (figure(unit_of_measure="person"), refusals.UnitOfMeasureDiffers),
        (figure(unit_of_measure="miles"), refusals.UnitOfMeasureDiffers),
        (figure("0.000000000001", unit_of_measure="m"), refusals.UnitOfMeasureDiffers),
        (investment("tower"), refusals.ProjectUnknown),
    ],
)
def test_what_cannot_count_says_why(entry: projects.Entry, why: type[Refusal]) -> None:
    assert refused(entry) == (why, None)


def test_the_log_clocks_today_still_counts() -> None:
    assert isinstance(outcome(figure(on=TODAY)), Counted)


def test_a_target_takes_figures_only_from_its_effective_date_on() -> None:
    late = issued("late", on=date(2009, 8, 1))
    part = assigned("late/lead", "late", LEAD)
    assert refused(figure(target="late"), late, part)[0] is refusals.TargetUnknown
    assert isinstance(outcome(figure(target="late", on=date(2009, 8, 1)), late, part), Counted)


def test_naming_the_unit_says_whose_part_is_meant() -> None:
    counted = outcome(figure(target=MEDICAL, unit=COUNTY))
    assert isinstance(counted, Counted)
    assert counted.series.part == "medical/county"


def test_a_lead_unit_without_a_value_of_its_own_is_not_meant_where_another_was_given_one() -> None:
    town = assigned("roads/town", ROADS, COUNTY, "supporting", value="60")
    counted = outcome(figure(), town)
    assert isinstance(counted, Counted)
    assert counted.series.part == "roads/town"
    assert isinstance(outcome(figure(unit=LEAD), town), Counted)


def test_a_supporting_unit_without_a_value_of_its_own_and_a_coordinating_one_do_not_report() -> None:
    helping = assigned("roads/help", ROADS, COUNTY, "supporting")
    assert isinstance(outcome(figure(), helping), Counted)
    assert refused(figure(unit=COUNTY), helping)[0] is refusals.PartUnknown


def test_a_project_with_sub_projects_takes_no_figures_itself() -> None:
    because = len(CITY) - 1
    assert refused(investment(STADIUM)) == (refusals.ProjectHasSubProjects, because)
    assert isinstance(outcome(investment(STAND)), Counted)


def handed_over() -> Shape:
    return decomposition.AssignmentHandedOver(
        on=date(2009, 7, 1), ends=["roads/lead"],
        opens=[decomposition.OpenedPart(assignment="roads/county", unit=COUNTY, carries=["roads/lead"])],
    )  # fmt: skip


def test_after_a_hand_over_the_date_says_whose_part_it_is() -> None:
    june, july = outcome(figure(on=date(2009, 6, 30)), handed_over()), outcome(figure(), handed_over())
    assert isinstance(june, Counted)
    assert isinstance(july, Counted)
    assert (june.series.part, july.series.part) == ("roads/lead", "roads/county")


def test_the_unit_that_handed_over_is_told_by_which_fact() -> None:
    assert refused(figure(unit=LEAD), handed_over()) == (refusals.PartUnknown, len(CITY))


LOCK = targets.PeriodLocked(year=2009, month=7, reason="closed")


def ended(code: str, on: date, *successors: str) -> Shape:
    return organisation.UnitEnded(unit=code, on=on, successors=list(successors), reason="merged")


def test_an_ended_unit_reports_for_its_own_days_only_and_is_told_by_which_fact() -> None:
    end = ended(COUNTY, JULY, LEAD)
    assert refused(figure(target=MEDICAL, unit=COUNTY), end) == (refusals.UnitHadEnded, len(CITY))
    assert isinstance(outcome(figure(target=MEDICAL, unit=COUNTY, on=date(2009, 7, 30)), end), Counted)


def test_the_successor_reports_from_the_end_on() -> None:
    end, over = ended(LEAD, date(2009, 7, 1), COUNTY), handed_over()
    assert isinstance(outcome(figure(unit=COUNTY), end, over), Counted)
    assert isinstance(outcome(figure(), end, over), Counted)
    assert refused(figure(unit=COUNTY, on=date(2009, 6, 30)), end, over)[0] is refusals.PartUnknown


def test_a_part_that_an_ended_unit_left_open_is_nobodys() -> None:
    assert refused(figure(), ended(LEAD, JULY)) == (refusals.PartUnknown, None)
    assert isinstance(outcome(figure(target=MEDICAL), ended(LEAD, JULY, COUNTY)), Counted)


def test_a_locked_month_refuses_and_names_the_lock() -> None:
    assert refused(figure(), LOCK) == (refusals.PeriodIsLocked, len(CITY))
    assert isinstance(outcome(figure(on=date(2009, 8, 1)), LOCK), Counted)


def test_a_reopened_month_counts_again() -> None:
    assert isinstance(outcome(figure(), LOCK, targets.PeriodUnlocked(year=2009, month=7, reason="late")), Counted)


def test_a_lock_of_one_target_leaves_the_others_open() -> None:
    only_roads = targets.PeriodLocked(year=2009, month=7, target=ROADS, reason="closed")
    assert refused(figure(), only_roads)[0] is refusals.PeriodIsLocked
    assert isinstance(outcome(figure(target=MEDICAL, unit=COUNTY), only_roads), Counted)


def knowing(on: date = JULY, *, is_open: bool = True) -> Known:
    state = EntryState(Series(2009, "target", ROADS, "length", "roads/lead"), on, is_open)
    return Known({("urn:jikao:source:county", "0"): Identity(40, "other")}, {EntryKey(40, 2): state})


NAMED = EntryRef(source="urn:jikao:source:county", id="0", entry=2)
UNHEARD = EntryRef(source="urn:jikao:source:county", id="9", entry=0)
NOT_THERE = EntryRef(source="urn:jikao:source:county", id="0", entry=3)


def moved(state: YearState) -> Shape:
    return target_tables.YearMoved(year=2009, state=state)


def test_a_year_takes_figures_until_it_is_moved_and_then_while_it_runs() -> None:
    issued, running, closing = moved("targets_issued"), moved("running"), moved("closing")
    assert refused(figure(), issued) == (refusals.YearDoesNotAllow, len(CITY))
    assert refused(figure(), issued, running, closing) == (refusals.YearDoesNotAllow, len(CITY) + 2)
    assert isinstance(outcome(figure(), issued, running), Counted)
    assert isinstance(outcome(figure(), issued, running, closing, running), Counted)


def test_a_year_that_is_closing_takes_no_corrections_and_no_withdrawals() -> None:
    closing = moved("closing")
    withdrawal = projects.Withdrawal(withdraws=NAMED)
    assert refused(withdrawal, closing, known=knowing())[0] is refusals.YearDoesNotAllow
    assert refused(figure(corrects=NAMED), closing, known=knowing())[0] is refusals.YearDoesNotAllow


def test_a_correction_names_a_counted_entry() -> None:
    counted = outcome(figure(corrects=NAMED), known=knowing())
    assert isinstance(counted, Counted)
    assert counted.corrects == EntryKey(40, 2)
    for ref in (UNHEARD, NOT_THERE):
        assert refused(figure(corrects=ref), known=knowing()) == (refusals.EntryNotCounted, None)


def test_a_correction_of_an_entry_in_a_locked_month_is_refused_whatever_its_own_date() -> None:
    august = figure(on=date(2009, 8, 10), corrects=NAMED)
    assert refused(august, LOCK, known=knowing()) == (refusals.PeriodIsLocked, len(CITY))


def test_a_withdrawal_names_a_counted_entry_outside_a_locked_month() -> None:
    assert outcome(projects.Withdrawal(withdraws=NAMED), known=knowing()) == Withdrawn(EntryKey(40, 2))
    assert refused(projects.Withdrawal(withdraws=UNHEARD), known=knowing())[0] is refusals.EntryNotCounted
    assert refused(projects.Withdrawal(withdraws=NAMED), LOCK, known=knowing())[0] is refusals.PeriodIsLocked


def test_the_door_takes_references_on_trust() -> None:
    assert isinstance(outcome(figure(corrects=UNHEARD), known=Known()), Counted)
    assert isinstance(outcome(projects.Withdrawal(withdraws=UNHEARD), known=Known()), Withdrawn)


def test_two_entries_for_one_series_and_date_are_both_refused_and_the_others_count() -> None:
    outcomes = judged(figure("1"), figure("2000", unit_of_measure="m"), figure("3", on=date(2009, 6, 30))).outcomes
    assert [getattr(o, "why", None) for o in outcomes] == [refusals.StatedTwice, refusals.StatedTwice, None]


def test_withdrawing_one_entry_twice_in_a_record_is_refused_but_not_at_the_door() -> None:
    twice = [projects.Withdrawal(withdraws=NAMED)] * 2
    assert all(isinstance(o, Refused) for o in judged(*twice, known=knowing()).outcomes)
    assert all(isinstance(o, Withdrawn) for o in judged(*twice, known=Known()).outcomes)


def test_the_same_identity_is_a_duplicate_with_the_same_content_and_refused_with_another() -> None:
    same = Known({("county", "1"): Identity(7, "hash")}, {})
    other = Known({("county", "1"): Identity(7, "another")}, {})
    assert judged(figure(), known=same) == Judgement("duplicate", because=7)
    assert judged(figure(), known=other) == Judgement("reused", because=7)


def test_a_record_takes_its_identity_if_one_entry_counts() -> None:
    assert judged(figure(), figure(target="bridges")).takes_identity
    assert not judged(figure(target="bridges")).takes_identity


def test_only_a_current_entry_can_be_verified() -> None:
    assert judge_standing(NAMED, knowing(), registry()) == EntryKey(40, 2)
    assert judge_standing(NAMED, knowing(is_open=False), registry()) == Refused(refusals.EntryNotCurrent)
    assert judge_standing(UNHEARD, knowing(), registry()) == Refused(refusals.EntryNotCounted)


def test_a_successor_s_code_means_its_predecessor_s_part_before_the_end_from_the_second_engine_on() -> None:
    on = date(2009, 6, 30)
    over = decomposition.AssignmentHandedOver(
        on=JULY, ends=["roads/lead"],
        opens=[decomposition.OpenedPart(assignment="roads/county", unit=COUNTY, role="lead", carries=["roads/lead"])],
    )  # fmt: skip
    merged = (organisation.UnitEnded(unit=LEAD, on=JULY, successors=[COUNTY], reason="合并"), over)

    def of(engine: int, *after: Shape, **changes: str) -> Counted | Refused | Withdrawn:
        submission = projects.ProgressSubmitted(entries=[figure(on=on, **changes)])
        known = Known(entries={})
        return judge(submission, ("county", "1"), "hash", TODAY, registry(*after), known, engine=engine).outcomes[0]

    assert of(1, *merged, unit=COUNTY) == Refused(refusals.PartUnknown, len(CITY) + 1), "as it was judged"
    meant = of(2, *merged, unit=COUNTY)
    assert meant == of(1, *merged, unit=LEAD) == of(2, *merged, unit=LEAD)
    assert isinstance(meant, Counted)
    assert meant.series.part == "roads/lead"
    assert of(2, over, unit=COUNTY) == of(1, over, unit=COUNTY), "who only takes over one part inherits nothing"
    # The county has a part of its own of these days: what it reports is that part's.
    own = of(2, *merged[:1], target=MEDICAL, unit=COUNTY)
    assert isinstance(own, Counted)
    assert own.series.part == "medical/county"


def test_what_is_final_is_verified_no_more_from_the_second_engine_on() -> None:
    moves = [moved(state) for state in STATES[1:]]
    for count in range(len(moves) + 1):
        state, at = STATES[count] if count else None, registry(*moves[:count])
        assert judge_standing(NAMED, knowing(), at, engine=1) == EntryKey(40, 2), "older logs are judged as they were"
        forbidden = state in ("publicity", "final", "archived")
        told = Refused(refusals.YearDoesNotAllow, len(CITY) + count - 1) if forbidden else EntryKey(40, 2)
        assert judge_standing(NAMED, knowing(), at, "54", engine=2) == told, state
    assert judge_standing(NAMED, knowing(), registry(*moves, moved("scoring")), engine=2) == EntryKey(40, 2)


# Kinds that take some values only, and targets that were withdrawn


BRIDGE, ORDER = "bridge", "order"
PERCENT = Measure(code="band", name=Label(zh="等次"), unit_of_measure="percent")
OF_KINDS: Sequence[Shape] = (
    replace(
        issued(BRIDGE, kind="milestone"), value="100", roll_up="lead",
        measures=[Measure(code=code, name=Label(zh=code), unit_of_measure="item") for code in ("design", "spare")],
        steps=[Step(measure="design", share="100", due_on=JULY)],
    ),
    replace(issued(ORDER, kind="qualitative"), value="100", roll_up="lead", measures=[PERCENT], text="评定",
            bands=list(USUAL_BANDS)),
    assigned("bridge/lead", BRIDGE, LEAD), assigned("order/lead", ORDER, LEAD),
)  # fmt: skip


def test_of_a_step_0_or_1_is_reported() -> None:
    for value in ("0", "1", "1.000"):
        assert isinstance(outcome(figure(value, target=BRIDGE, unit_of_measure="item"), *OF_KINDS), Counted)
    for value in ("2", "0.5", "-1"):
        entry = figure(value, target=BRIDGE, unit_of_measure="item")
        assert refused(entry, *OF_KINDS) == (refusals.StepIsReachedOrNot, None)
    further = figure("7", target=BRIDGE, measure="spare", unit_of_measure="item")
    assert isinstance(outcome(further, *OF_KINDS), Counted)


def test_of_a_qualitative_target_the_share_of_a_band_is_reported() -> None:
    for value in ("100", "80", "60.0", "0"):
        assert isinstance(outcome(figure(value, target=ORDER, unit_of_measure="percent"), *OF_KINDS), Counted)
    for value in ("79.999999999999", "90", "-80"):
        entry = figure(value, target=ORDER, unit_of_measure="percent")
        assert refused(entry, *OF_KINDS) == (refusals.NotABand, None)


def test_a_value_is_verified_by_what_could_have_been_reported() -> None:
    series = Series(2009, "target", ORDER, "band", "order/lead")
    known = Known(
        {(NAMED.source, NAMED.id): Identity(40, "hash")}, {EntryKey(40, 2): EntryState(series, JULY, open=True)}
    )
    standing = registry(*OF_KINDS)
    assert judge_standing(NAMED, known, standing, "60") == EntryKey(40, 2)
    assert judge_standing(NAMED, known, standing, "61") == Refused(refusals.NotABand)
    assert judge_standing(NAMED, known, standing) == EntryKey(40, 2)  # returned: no value is stated


def test_nothing_dated_after_its_withdrawal_is_reported_of_a_target() -> None:
    withdrawn = targets.TargetWithdrawn(target=ROADS, on=JULY, reason="取消", evidence=[])
    why, because = refused(figure(on=JULY), withdrawn)
    assert (why, because) == (refusals.TargetWithdrawn, len(CITY))
    assert isinstance(outcome(figure(on=date(2009, 7, 30)), withdrawn), Counted)


def test_a_withdrawal_also_ends_what_was_to_be_in_force_later() -> None:
    later = targets.TargetAdjusted(target=ROADS, value="70", effective_on=date(2009, 8, 1), reason="追加")
    withdrawn = targets.TargetWithdrawn(target=ROADS, on=JULY, reason="取消", evidence=[])
    why, _ = refused(figure(on=date(2009, 8, 2)), later, withdrawn)
    assert why is refusals.TargetWithdrawn
    assert [on for on, target in ((on, row) for on, _, row in registry(later, withdrawn).targets.history(ROADS))
            if target.withdrawn] == [JULY, date(2009, 8, 1)]  # fmt: skip
