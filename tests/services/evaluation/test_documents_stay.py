"""A document says the same for ever: these bytes were computed before there were steps, bands and withdrawals."""

from __future__ import annotations

from datetime import date
from typing import cast

import pytest

from services.evaluation.documents import Kind, Question, canonical, figures
from tests.services.evaluation.town import AUGUST, JULY, Town

BEFORE = {
    "completion": "7e246bdd12a5c2aacc437d2e97c5f83e864118abb468a47c7e691de621680400",
    "category": "edf4b3656ddb2fb9b2aae867b687d2e6cfda8aafb50c14d278d74bccde2ddcdc",
    "practical_matters": "6246c8c2f26e030026f01cd9b7a39cd1cb71a374b60702699f3dd8e35de969c4",
    "target": "6e156f686cc4657f13cee0363a0ae3af2e8c15de0b96bd1e546a860682a77632",
    "unit": "d52e8906c8285fc9ec8bfefad01f76ed45172aa4439f43cf25c0228ee4f047b4",
}


def town() -> Town:
    """A target of each of the five kinds that there were, with parts, a further measure, a hand-over and a miss."""
    made = Town()
    counties = (("lead", None), ("east", "20"), ("west", "40"))
    made.target("roads", "60", counties, measures=("length", "money"), tags=("practical_matter",))
    made.target("jobs", "118", kind="floor", roll_up="lead")
    made.target("accidents", "100", counties, kind="ceiling", direction="lower", roll_up="worst")
    made.target("growth", "8", kind="rate", unit_of_measure="percent")
    made.target("supply", "100", kind="maintain", unit_of_measure="percent")
    for code, unit, value, measure in (
        ("roads", "east", "19.5", "length"), ("roads", "west", "41", "length"), ("roads", "east", "7", "money"),
        ("accidents", "west", "41", "value"), ("growth", "lead", "-1.5", "value"), ("supply", "lead", "99", "value"),
    ):  # fmt: skip
        made.reports(code, unit, value, JULY, measure=measure)
    made.reports("supply", "lead", "100", AUGUST, verified="100", certified="100")
    made.unit("next")
    made.part("roads", "west", "40", "supporting", valid_until=date(2009, 8, 1))
    made.part("roads", "next", "40", "supporting", valid_from=date(2009, 8, 1), follows=["roads:west"],
              carries=["roads:west"])  # fmt: skip
    return made


@pytest.mark.parametrize("kind", BEFORE)
def test_the_documents_of_the_five_kinds_are_what_they_were(kind: str) -> None:
    made = town()
    code = {"category": "economy", "target": "roads", "unit": "next"}.get(kind)
    question = Question(cast(Kind, kind), 2009, code)
    assert canonical(figures(question, AUGUST, made.registry, made))[1] == BEFORE[kind]
