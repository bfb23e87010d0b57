"""Which service answers which address? The one table; tests hold it against every path that the services offer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from shared.errors import NotFound

ServiceName = Literal["targets", "projects", "evaluation"]
SERVICES: tuple[str, ...] = get_args(ServiceName)
"""Every service that owns facts."""

_J = "/v1/jurisdictions/{jurisdiction}"
_Y = _J + "/years/{year}"

# `{name}` stands for one segment, `/…` for whatever follows, also nothing. The first line that fits decides, so
# the special ones stand above the general ones.
TABLE: tuple[tuple[str, ServiceName], ...] = (
    # figures: evaluation alone answers what is computed from entries
    (_Y + "/completion", "evaluation"),
    (_Y + "/targets/{target}/completion", "evaluation"),
    (_Y + "/targets/{target}/history", "evaluation"),
    (_Y + "/projects/{project}/completion", "evaluation"),
    (_Y + "/units/…", "evaluation"),
    (_Y + "/categories/…", "evaluation"),
    (_Y + "/groups/…", "evaluation"),
    (_Y + "/practical-matters/…", "evaluation"),
    (_Y + "/audits/…", "evaluation"),
    (_Y + "/unreported", "evaluation"),
    (_J + "/submissions/…", "evaluation"),
    (_J + "/verifications", "evaluation"),
    (_J + "/returns", "evaluation"),
    (_J + "/certifications", "evaluation"),
    (_J + "/records/…", "evaluation"),
    (_J + "/checkpoints/…", "evaluation"),
    (_J + "/submission-proofs/…", "evaluation"),
    (_J + "/verifier-keys", "evaluation"),
    (_J + "/engines", "evaluation"),
    # projects, and the door for progress
    (_Y + "/projects/…", "projects"),
    (_J + "/groups/…", "projects"),
    (_J + "/progress", "projects"),
    (_J + "/events", "projects"),
    # targets: logs, years, who is who, what is to be reached
    (_Y + "/targets/…", "targets"),
    (_Y + "/target-changes", "targets"),
    (_Y + "/matrix", "targets"),
    (_Y + "/target-tables/…", "targets"),
    (_Y + "/target-tables.xlsx", "targets"),
    (_Y + "/moves", "targets"),
    (_J + "/letter-template", "targets"),
    (_Y + "/catalogues/…", "targets"),
    (_Y + "/catalogue-workbooks", "targets"),
    (_Y + "/catalogue-additions/…", "targets"),
    (_Y + "/weight-rule", "targets"),
    (_Y + "/weights", "targets"),
    (_J + "/templates/…", "targets"),
    (_Y + "/alignments/…", "targets"),
    (_Y + "/alignment-matches/…", "targets"),
    (_Y + "/adjustment-requests/…", "targets"),
    (_Y + "/adjustment-cut-off", "targets"),
    (_Y + "/peer-groups/…", "targets"),
    (_Y + "/locks/…", "targets"),
    (_Y + "/unlocks", "targets"),
    (_Y, "targets"),
    (_J + "/years", "targets"),
    (_J + "/units/…", "targets"),
    (_J + "/sources/…", "targets"),
    (_J + "/persons/…", "targets"),
    (_J + "/posts", "targets"),
    (_J + "/simulation/…", "targets"),
    (_J, "targets"),
    ("/v1/jurisdictions", "targets"),
    ("/v1/operations/targets/…", "targets"),
    ("/v1/operations/projects/…", "projects"),
    ("/v1/operations/evaluation/…", "evaluation"),
)


class NoSuchAddress(NotFound):
    """Nothing is offered at this address."""

    zh = "此地址没有任何内容。"


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the table."""

    path: str
    service: ServiceName
    pattern: re.Pattern[str]


def route(path: str) -> Route:
    """The line that fits a (decoded) path; NoSuchAddress when none does.

    Paths with empty, `.` or `..` segments fit none: whatever is behind might read them as another path.
    """
    if not any(segment in ("", ".", "..") for segment in path.split("/")[1:]):
        for candidate in _ROUTES:
            if candidate.pattern.fullmatch(path):
                return candidate
    raise NoSuchAddress(path=path)


def _pattern(path: str) -> re.Pattern[str]:
    rest = path.endswith("/…")
    parts = [r"[^/]+" if part.startswith("{") else re.escape(part) for part in path.removesuffix("/…").split("/")]
    return re.compile("/".join(parts) + (r"(/.+)?" if rest else ""))


_ROUTES = tuple(Route(path, service, _pattern(path)) for path, service in TABLE)
