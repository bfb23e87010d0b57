"""How much of a year has passed, and which day it is where."""

from calendar import isleap
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendars import METHODS, UnknownTimeZone, by_day, by_month, last_instant, local_date, month_end
from shared.quantities import shown

SHANGHAI = "Asia/Shanghai"
DAYS = st.dates(date(1900, 1, 1), date(2200, 12, 31))


def microseconds(written: str) -> int:
    return (datetime.fromisoformat(written) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("as_of", "percent"),
    [
        (date(2009, 8, 31), "66.67"),
        (date(2009, 7, 31), "58.33"),
        (date(2009, 8, 30), "58.33"),
        (date(2009, 9, 1), "66.67"),
        (date(2009, 1, 1), "0.00"),
        (date(2009, 1, 31), "8.33"),
        (date(2009, 2, 28), "16.67"),
        (date(2012, 2, 28), "8.33"),
        (date(2012, 2, 29), "16.67"),
        (date(2009, 12, 30), "91.67"),
        (date(2009, 12, 31), "100.00"),
    ],
)
def test_by_month_counts_the_months_that_are_complete(as_of: date, percent: str) -> None:
    assert shown(by_month(as_of) * 100, 2) == percent


@pytest.mark.parametrize(
    ("as_of", "percent"),
    [
        (date(2013, 6, 30), "49.5890"),
        (date(2016, 2, 29), "16.3934"),
        (date(2013, 1, 1), "0.2740"),
        (date(2013, 12, 31), "100.0000"),
        (date(2016, 12, 31), "100.0000"),
    ],
)
def test_by_day_includes_the_day_itself(as_of: date, percent: str) -> None:
    assert shown(by_day(as_of) * 100, 4) == percent


def test_completion_of_74_percent_at_the_end_of_august_leads_by_7_33_points() -> None:
    assert shown(74 - by_month(date(2009, 8, 31)) * 100, 2) == "7.33"


@given(DAYS)
def test_time_never_runs_backwards_and_a_year_ends_at_one(day: date) -> None:
    following = day + timedelta(days=1)
    for method in METHODS.values():
        assert 0 <= method(day) <= 1
        assert following.year != day.year or method(day) <= method(following)
        assert method(date(day.year, 12, 31)) == 1


@given(DAYS)
def test_each_day_adds_an_equal_share_by_day(day: date) -> None:
    share = Fraction(1, 366 if isleap(day.year) else 365)
    assert by_day(day) == ((day - date(day.year, 1, 1)).days + 1) * share


@given(DAYS)
def test_the_day_after_a_months_end_is_a_first(day: date) -> None:
    end = month_end(day.year, day.month)
    assert (end.year, end.month) == (day.year, day.month)
    assert (end + timedelta(days=1)).day == 1


def test_an_instant_belongs_to_the_local_day() -> None:
    assert local_date(microseconds("2009-08-31T15:59:59.999999+00:00"), SHANGHAI) == date(2009, 8, 31)
    assert local_date(microseconds("2009-08-31T16:00:00+00:00"), SHANGHAI) == date(2009, 9, 1)
    assert local_date(0, SHANGHAI) == date(1970, 1, 1)
    assert local_date(-1, "UTC") == date(1969, 12, 31)


def test_a_day_ends_with_its_last_whole_millisecond() -> None:
    assert last_instant(date(2009, 8, 31), SHANGHAI) == microseconds("2009-08-31T23:59:59.999+08:00")
    assert last_instant(date(2009, 8, 31), SHANGHAI) % 1000 == 0


def test_a_day_on_which_clocks_changed_still_ends_at_its_end() -> None:
    # China kept summer time from 1986 to 1991.
    assert last_instant(date(1986, 5, 3), SHANGHAI) == microseconds("1986-05-03T23:59:59.999+08:00")
    assert last_instant(date(1986, 5, 4), SHANGHAI) == microseconds("1986-05-04T23:59:59.999+09:00")
    # In Havana midnight itself is put back to 23:00 … of the same day: the later 23:59 is the end.
    assert last_instant(date(2009, 10, 24), "America/Havana") == microseconds("2009-10-24T23:59:59.999-04:00")


@given(st.dates(date(1992, 1, 1), date(9999, 12, 31)))
def test_the_next_millisecond_belongs_to_the_next_day(day: date) -> None:
    last = last_instant(day, SHANGHAI)
    assert local_date(last, SHANGHAI) == day
    if day < date.max:
        assert local_date(last + 1_000, SHANGHAI) == day + timedelta(days=1)


@pytest.mark.parametrize("zone", ["Asia/Nowhere", "", "Asia", "../etc/passwd", "/etc/localtime", "亚洲/上海", "a\x00b"])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(UnknownTimeZone):
        local_date(0, zone)
    with pytest.raises(UnknownTimeZone):
        last_instant(date(2009, 8, 31), zone)
