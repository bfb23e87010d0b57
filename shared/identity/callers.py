"""Who a verified token speaks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from shared.errors import NotPermitted

Scope = Literal["all", "own", "own+below"] | tuple[str, ...]

ROLES = ("office", "unit", "county_system", "certifier", "inspector", "leader", "auditor", "admin")


class ScopeIsEmpty(NotPermitted):
    """None of the units that your token names exists here."""

    zh = "令牌所列单位在此均不存在。"


@dataclass(frozen=True, slots=True)
class Caller:
    """The verified facts of one token; `scope` is a word or the codes of the units it names."""

    subject: str
    client: str
    jurisdictions: tuple[str, ...]
    roles: tuple[str, ...]
    unit: str | None
    scope: Scope
    sources: tuple[str, ...]
    issuer: str = ""
    """A subject means something only beside its issuer."""


def scope_text(caller: Caller, unit_id: Callable[[str], str | None]) -> str:
    """The scope as events carry it (`authscope`): `all`, `own`, `own+below`, or sorted unit ids with commas.

    `unit_id` looks a code up; codes of no unit name nobody and are left out. ScopeIsEmpty when none is left.
    """
    if isinstance(caller.scope, str):
        return caller.scope
    ids = sorted(id for code in caller.scope if (id := unit_id(code)) is not None)
    if not ids:
        raise ScopeIsEmpty(scope=",".join(caller.scope))
    return ",".join(ids)


def source_allowed(caller: Caller, source_name: str) -> bool:
    """Whether the caller may send events under this registered source name."""
    return source_name in caller.sources
