"""Quantities keep every digit, have one text, and convert exactly or not at all."""

import re
from decimal import ROUND_UP, Context, Decimal, Inexact, localcontext
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.quantities import (
    CONTEXT,
    QUANTITY_PATTERN,
    UNITS,
    NotAQuantity,
    OtherDimension,
    Quantity,
    TooManyDecimals,
    UnknownUnitOfMeasure,
    convert,
    parse,
    rate,
    shown,
    text,
)

QUANTITIES = st.from_regex(QUANTITY_PATTERN.replace("$", r"\Z"))
UNIT_PAIRS = [
    (a.code, b.code) for a in UNITS.values() for b in UNITS.values() if a.dimension == b.dimension and a is not b
]


@given(QUANTITIES)
def test_canonical_text_is_the_same_value_and_its_own_canonical_text(written: str) -> None:
    canonical = text(parse(written))
    assert Fraction(canonical) == Fraction(written)
    assert re.fullmatch(QUANTITY_PATTERN, canonical)
    assert canonical != "-0"
    assert "." not in canonical or canonical[-1] != "0"
    assert text(parse(canonical)) == canonical


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("0", "0"), ("-0", "0"), ("-0.000", "0"), ("0.10", "0.1"), ("100", "100"), ("-1.50", "-1.5"),
        ("7.0", "7"), ("0.000000000001", "0.000000000001"),
        ("99999999999999999999.999999999999", "99999999999999999999.999999999999"),
    ],
)  # fmt: skip
def test_a_quantity_has_one_text(written: str, canonical: str) -> None:
    assert text(parse(written)) == canonical


def test_minus_nought_is_nought() -> None:
    assert str(parse("-0")) == str(parse("-0.00")) == "0"


@pytest.mark.parametrize(
    "written",
    [
        "", "-", "+1", "01", "00", ".5", "1.", "1e3", "1E3", "1_000", "1,000", " 1", "1 ", "1\n", "0x1",
        "NaN", "Infinity", "\uff11\uff12", "\u0663", "--1", "100000000000000000000", "0.0000000000001",
        "1.0000000000000",
    ],
)  # fmt: skip
def test_what_is_not_plain_decimal_text_is_refused(written: str) -> None:
    with pytest.raises(NotAQuantity):
        parse(written)


@pytest.mark.parametrize(
    "value",
    ["NaN", "sNaN", "Infinity", "-Infinity", "1E20", "-1E+999999", "1E-13", "1E-999999", "1.0000000000001"],
)
def test_text_never_rounds_but_refuses(value: str) -> None:
    with pytest.raises(NotAQuantity):
        text(Decimal(value))


def test_text_drops_zeros_beyond_the_twelfth_decimal_and_writes_out_exponents() -> None:
    assert text(Decimal("1.50000000000000000000")) == "1.5"
    assert text(Decimal("1E+19")) == "1" + "0" * 19
    assert text(Decimal("0E+50")) == text(Decimal("-0E-50")) == "0"


def test_a_quantity_in_a_message_is_checked_when_it_is_decoded() -> None:
    assert msgspec.json.decode(b'"42.08"', type=Quantity) == "42.08"
    for wrong in (b"42.08", b'"1e3"', b'"1\\n\\n"', b'"007"'):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(wrong, type=Quantity)


def test_the_published_schema_shows_the_pattern_and_forbids_a_final_newline() -> None:
    assert msgspec.json.schema(Quantity) == {"type": "string", "pattern": QUANTITY_PATTERN + r"(?!\n)"}
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'"1\\n"', type=Quantity)


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        ("42.08", "wan_person", "person", "420800"),
        ("420800", "person", "wan_person", "42.08"),
        ("1.06", "yi_yuan", "wan_yuan", "10600"),
        ("127.3", "wan_yuan", "yuan", "1273000"),
        ("127.3", "wan_yuan", "yi_yuan", "0.01273"),
        ("154623", "person_time", "wan_person_time", "15.4623"),
        ("451.6", "km", "m", "451600"),
        ("1200", "m", "km", "1.2"),
        ("-0.7", "wan_household", "household", "-7000"),
        ("101.425", "percent", "percent", "101.425"),
        ("0.000000000001", "yi_yuan", "yuan", "0.0001"),
        ("0.0001", "yuan", "yi_yuan", "0.000000000001"),
        ("99999999999999999999", "m2", "m2", "99999999999999999999"),
        ("0.00", "yuan", "yi_yuan", "0"),
    ],
)
def test_units_of_one_dimension_convert_exactly(value: str, source: str, target: str, expected: str) -> None:
    assert text(convert(Decimal(value), source, target)) == expected


@given(QUANTITIES, st.sampled_from(UNIT_PAIRS))
def test_a_conversion_is_exact_or_refused_and_leads_back(written: str, pair: tuple[str, str]) -> None:
    source, target = pair
    exact = Fraction(written) * Fraction(UNITS[source].factor) / Fraction(UNITS[target].factor)
    try:
        converted = convert(parse(written), source, target)
    except TooManyDecimals:
        assert (exact * 10**12).denominator != 1
    except NotAQuantity:
        assert abs(exact) >= 10**20
    else:
        assert Fraction(converted) == exact
        assert convert(converted, target, source) == parse(written)


@pytest.mark.parametrize("value", ["0.00001", "1." + "0" * 70 + "1"])
def test_a_conversion_that_would_need_more_than_twelve_decimals_is_refused(value: str) -> None:
    with pytest.raises(TooManyDecimals):
        convert(Decimal(value), "yuan", "yi_yuan")


def test_a_conversion_past_twenty_digits_is_refused() -> None:
    with pytest.raises(NotAQuantity):
        convert(Decimal("1000000000000"), "yi_yuan", "yuan")


@pytest.mark.parametrize(
    ("source", "target"),
    [("yuan", "person"), ("person", "person_time"), ("m", "m2"), ("piece", "place"), ("opening", "item"),
     ("yuan", "yuan_per_person_month"), ("household", "person"), ("percent", "item")],
)  # fmt: skip
def test_units_of_different_dimensions_do_not_convert(source: str, target: str) -> None:
    with pytest.raises(OtherDimension) as refused:
        convert(Decimal(1), source, target)
    assert refused.value.about == {"source": source, "target": target}


def test_an_unknown_unit_of_measure_is_refused_by_name() -> None:
    with pytest.raises(UnknownUnitOfMeasure) as refused:
        convert(Decimal(1), "yuan", "mu")
    assert refused.value.about == {"unit": "mu"}


def test_every_unit_has_its_labels_and_a_power_of_ten() -> None:
    assert [unit.zh for unit in UNITS.values()] == [
        "元",
        "万元",
        "亿元",
        "人",
        "万人",
        "人次",
        "万人次",
        "户",
        "万户",
        "米",
        "公里",
        "平方米",
        "个",
        "所",
        "口",
        "项",
        "元/人·月",
        "%",
    ]
    for code, unit in UNITS.items():
        assert (unit.code, bool(unit.en)) == (code, True)
        assert text(unit.factor).strip("0") == "1"


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [
        ("107.2", "180", "0.595555555556"),
        ("42.08", "50", "0.8416"),
        ("1", "3", "0.333333333333"),
        ("2", "3", "0.666666666667"),
        ("-2", "3", "-0.666666666667"),
        ("1", "2000000000000", "0.000000000001"),
        ("-1", "2000000000000", "-0.000000000001"),
        ("-1", "3000000000000", "0"),
        ("0", "7", "0"),
        ("300", "3", "100"),
        ("99999999999999999999", "0.000000000001", "99999999999999999999000000000000"),
    ],
)
def test_a_rate_is_shown_to_twelve_decimals(numerator: str, denominator: str, expected: str) -> None:
    assert rate(Decimal(numerator), Decimal(denominator)) == expected


def test_a_rate_of_nothing_has_no_value() -> None:
    with pytest.raises(ZeroDivisionError):
        rate(Decimal(1), Decimal(0))


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        (Fraction(2, 3) * 100, 2, "66.67"),
        (Fraction(1072, 18), 1, "59.6"),
        (Decimal("101.425"), 1, "101.4"),
        (Decimal("0.05"), 1, "0.1"),
        (Decimal("-0.05"), 1, "-0.1"),
        (Decimal("-0.04"), 1, "0.0"),
        (Decimal("2.5"), 0, "3"),
        (Decimal("-2.5"), 0, "-3"),
        (Decimal("-0.4"), 0, "0"),
        (Fraction(7), 2, "7.00"),
        (Decimal("1E+3"), 1, "1000.0"),
        (Decimal("88"), 2, "88.00"),
    ],
)
def test_halves_are_rounded_away_from_nought_when_shown(value: Fraction | Decimal, places: int, expected: str) -> None:
    assert shown(value, places) == expected


@given(st.fractions(), st.integers(0, 12))
def test_what_is_shown_lies_within_half_a_step(value: Fraction, places: int) -> None:
    written = shown(value, places)
    assert abs(Fraction(written) - value) <= Fraction(1, 2 * 10**places)
    assert len(written.partition(".")[2]) == places


def test_the_threads_own_context_changes_nothing() -> None:
    with localcontext(Context(prec=3, rounding=ROUND_UP, Emax=5, Emin=-5, traps=[Inexact])):
        assert text(parse("12345678901234567890.123456789012")) == "12345678901234567890.123456789012"
        assert text(convert(parse("12345.678"), "wan_yuan", "yuan")) == "123456780"
        assert rate(parse("107.2"), parse("180")) == "0.595555555556"
        assert shown(parse("123456.789"), 1) == "123456.8"


def test_the_fixed_context_rounds_half_even_at_sixty_digits_and_traps_what_has_no_value() -> None:
    assert CONTEXT.divide(Decimal(2), Decimal(3)) == Decimal("0." + "6" * 59 + "7")
    assert not CONTEXT.traps[Inexact]
    with pytest.raises(ZeroDivisionError):
        CONTEXT.divide(Decimal(1), Decimal(0))
