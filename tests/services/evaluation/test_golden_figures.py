"""Figures that were sealed keep their bytes: whatever is learnt to be told beside them, these hashes do not change.

The hashes were taken before merged and split parts could be told. A test that fails here means that sealed answers of
today no longer replay: what is new then needs an engine of its own (docs/decisions), never another hash.
"""

from __future__ import annotations

from datetime import date

import pytest

from services.evaluation.documents import Question, figures
from shared.canonical import encode_trusted, sha256_hex
from tests.services.evaluation.test_completion import handed_over
from tests.services.evaluation.town import AUGUST, JULY
from tests.services.evaluation.year2009 import year_2009

QUESTIONS = [
    Question("completion", 2009), Question("practical_matters", 2009), Question("category", 2009, "economy"),
    Question("category", 2009, "livelihood"), Question("groups", 2009),
]  # fmt: skip
DAYS = (date(2009, 3, 31), date(2009, 7, 31), date(2009, 8, 31), date(2009, 12, 31))


def test_the_figures_of_2009_have_the_bytes_that_were_sealed() -> None:
    known = year_2009().writing.replayed()
    said = [figures(question, day, known.registry, known.levels) for day in DAYS for question in QUESTIONS]
    assert (
        sha256_hex(encode_trusted({"said": said})) == "59e7d0ba686579e8d07d60a789b150c5074dfa9694565d5e7f02de05e284f838"
    )


@pytest.mark.parametrize(
    ("carries_levels", "sealed"),
    [
        (True, "f27b8fd4bafdbfe37139566605acf196c744e4faca15305c9613aa74758de65b"),
        (False, "742d481e9edb80193ff0af3e7131d335e804e0a85d90ab405aec6b3e1894b6e4"),
    ],
)
def test_a_part_handed_to_one_successor_has_the_bytes_that_were_sealed(carries_levels: bool, sealed: str) -> None:
    town, said = handed_over(carries_levels=carries_levels), []
    for day in (date(2009, 6, 30), date(2009, 7, 1), JULY, AUGUST, date(2011, 1, 1)):
        for question in (Question("completion", 2009), Question("target", 2009, "t"), Question("unit", 2009, "new")):
            said.append(figures(question, day, town.registry, town))
    town.reports("t", "new", "28", AUGUST)
    said.append(figures(Question("target", 2009, "t"), AUGUST, town.registry, town))
    assert sha256_hex(encode_trusted({"said": said})) == sealed
