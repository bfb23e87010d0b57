"""Who a verified token speaks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scope = Literal["all", "own", "own+below"] | tuple[str, ...]

ROLES = ("office", "unit", "county_system", "certifier", "inspector", "leader", "auditor", "admin")


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


def scope_text(caller: Caller) -> str:
    """The scope as events carry it (`authscope`): `all`, `own`, `own+below`, or sorted units with commas."""
    return caller.scope if isinstance(caller.scope, str) else ",".join(sorted(caller.scope))


def source_allowed(caller: Caller, source_name: str) -> bool:
    """Whether the caller may send events under this registered source name."""
    return source_name in caller.sources
