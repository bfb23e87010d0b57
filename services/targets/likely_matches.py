"""Which of the province's indicators may be one of the city's under another code? Proposed by name, for a person.

Nothing follows from a proposal: only what a person confirms is matched by later runs (alignment_decisions.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from msgspec import UnsetType

from shared.contracts.targets import AlignmentOutcome

LEAST = Fraction(3, 5)
"""Names less alike than this are not proposed. 新建县乡公路 and 改造县乡公路里程 are alike at about 0.67."""

_NOISE = re.compile(r"[\W_]+")


class Proposal(NamedTuple):
    """Two outcomes of one run, and how alike their names are, from `LEAST` to 1."""

    province: AlignmentOutcome
    city: AlignmentOutcome
    likeness: Fraction


def likely_matches(outcomes: Sequence[AlignmentOutcome]) -> list[Proposal]:
    """For each unmatched indicator of the city the province's most alike unmatched one of its category.

    The likeliest first, then by the city's code. Alike is measured by the pairs of neighbouring characters that two
    names share (Dice), which needs no segmentation of Chinese.
    """
    theirs: dict[tuple[str, str], list[int]] = defaultdict(list)
    pairs = [_pairs(outcome.name.zh) for outcome in outcomes]
    for at, outcome in enumerate(outcomes):
        if outcome.reason == "ADDED_FROM_PROVINCE":
            for pair in pairs[at]:
                theirs[(outcome.category, pair)].append(at)
    found = []
    for at, outcome in enumerate(outcomes):
        if outcome.reason == "CITY_ONLY" and isinstance(outcome.province, UnsetType):
            shared: dict[int, int] = defaultdict(int)
            for pair in pairs[at]:
                for other in theirs.get((outcome.category, pair), ()):
                    shared[other] += 1
            alike = [(Fraction(2 * n, len(pairs[at]) + len(pairs[other])), -other) for other, n in shared.items()]
            if alike and max(alike)[0] >= LEAST:
                likeness, other = max(alike)
                found.append(Proposal(outcomes[-other], outcome, likeness))
    return sorted(found, key=lambda proposal: (-proposal.likeness, proposal.city.indicator))


def _pairs(name: str) -> frozenset[str]:
    """Neighbouring characters; of a single one, itself. Widths, cases and punctuation don't count."""
    plain = _NOISE.sub("", unicodedata.normalize("NFKC", name)).casefold()
    return frozenset(plain[at : at + 2] for at in range(max(1, len(plain) - 1))) - {""}
