"""One indicator of a year has one target, whoever orders it at once: a rule that no single stream can hold.

Each target has a stream by its code, so two codes for one indicator never meet at a version. Whoever issues for an
indicator decides alone in its year, and looks for the facts in the event store: the log may not have them yet.
"""

from __future__ import annotations

from collections.abc import Set

from services.targets.errors.targets import IndicatorHasTarget
from services.targets.issuing import issued_stream
from services.targets.target import IssueTarget, Target, issue_target, stream_name, target_stream
from services.targets.year import year_stream
from shared.canonical import encode
from shared.commands import Looking, transaction_of
from shared.contracts.targets import TargetIssued
from shared.deciding import Decide, Fact, Look


def issuing_alone(look: Look, year: int) -> Looking:
    """The transaction, once nobody else issues targets for indicators of this year."""
    look.alone(f"indicators of {year}")
    return transaction_of(look)


def issuing_once(command: IssueTarget) -> Decide[Target]:
    """`issue_target`; IndicatorHasTarget if its indicator has one under another code, unless that was withdrawn."""

    def decided(target: Target, look: Look) -> list[Fact]:
        facts = issue_target(command, target, year_open=look.at(year_stream(command.year)))
        if command.indicator is None:
            return facts
        looking, targets = issuing_alone(look, command.year), stream_name(command.year, "")
        mentioned = f'"indicator":{encode(command.indicator).decode()}'
        for name in looking.streams(targets, mentioning=mentioned):
            found = look.at(target_stream(command.year, name.removeprefix(targets)))
            if found.indicator == command.indicator and found.withdrawn_on is None:
                raise IndicatorHasTarget(
                    year=command.year, indicator=command.indicator, target=name.removeprefix(targets),
                    faults=[IndicatorHasTarget().fault("/indicator")],
                )  # fmt: skip
        return facts

    return decided


def issued_beside(looking: Looking, year: int, known: Set[str]) -> list[TargetIssued]:
    """What has been issued for the year under other codes than the known ones."""
    targets = stream_name(year, "")
    codes = (name.removeprefix(targets) for name in looking.streams(targets))
    states = looking.all_at([issued_stream(year, code) for code in codes if code not in known])
    return [fact for fact in states.values() if fact is not None]
