"""What every command and every question may answer, for the API's document."""

from __future__ import annotations

from typing import Any

from shared.errors import IdReused, Refusal, VersionConflict
from shared.http.asking import TokenIsOfAnotherLog
from shared.http.axes import AxisRefusals
from shared.http.ordering import Recorded
from shared.http.preconditions import IdempotencyKeyInvalid, IdempotencyKeyMissing, IfMatchInvalid, IfMatchMissing
from shared.http.problems import problems
from shared.http.tokens import FreshnessTokenInvalid
from shared.identity.http import JurisdictionNotFound, RoleMissing, WholeJurisdictionOnly
from shared.projections import JurisdictionUnknown, NotYetRead
from shared.projections.asking import AsOfInFuture, KnownAtOutOfBounds, PinDoesNotMatch

Responses = dict[int | str, dict[str, Any]]


def commanded(*refusals: type[Refusal]) -> Responses:
    """For a command: recorded (201), or accepted and on its way to the log (202), or one of the refusals."""
    accepted = {"model": Recorded, "description": "Stored; the log has not confirmed it yet."}
    common = (
        RoleMissing, WholeJurisdictionOnly, JurisdictionNotFound, JurisdictionUnknown, IdReused, VersionConflict,
        IdempotencyKeyMissing, IdempotencyKeyInvalid, NotYetRead,
    )  # fmt: skip
    return {202: accepted, **problems(*dict.fromkeys((*common, *refusals)))}


def changed(*refusals: type[Refusal]) -> Responses:
    """The same for a command that changes what is there, and so needs If-Match."""
    return commanded(*refusals, IfMatchMissing, IfMatchInvalid)


def asking(*refusals: type[Refusal]) -> Responses:
    """For a question on the two axes."""
    common = (
        RoleMissing, JurisdictionNotFound, JurisdictionUnknown, *AxisRefusals, AsOfInFuture, KnownAtOutOfBounds,
        PinDoesNotMatch, FreshnessTokenInvalid, TokenIsOfAnotherLog, NotYetRead,
    )  # fmt: skip
    return problems(*dict.fromkeys((*common, *refusals)))
