"""Where two documents differ, told by pointers."""

from __future__ import annotations

from services.evaluation.comparison import Json, differences


def test_equal_documents_do_not_differ() -> None:
    document: Json = {"a": [{"code": "x", "rate": "1"}], "b": {"c": True}}
    assert differences(document, document) == []


def test_a_difference_has_its_pointer_and_both_values() -> None:
    assert differences({"a": {"b/c~": "1"}}, {"a": {"b/c~": "2"}}) == [
        {"pointer": "/a/b~1c~0", "first": "1", "second": "2"}
    ]


def test_what_only_one_side_has_is_told_once() -> None:
    assert differences({"rate": "1", "n": 1}, {"met": True, "n": 1}) == [
        {"pointer": "/met", "second": True},
        {"pointer": "/rate", "first": "1"},
    ]


def test_members_are_matched_by_their_code_wherever_they_stand() -> None:
    first: Json = [{"code": "b", "rate": "1"}, {"code": "c", "rate": "3"}]
    second: Json = [{"code": "a", "rate": "9"}, {"code": "b", "rate": "2"}]
    assert differences(first, second) == [
        {"pointer": "/0/rate", "second_pointer": "/1/rate", "first": "1", "second": "2"},
        {"pointer": "/1", "first": {"code": "c", "rate": "3"}},
        {"pointer": "/0", "second": {"code": "a", "rate": "9"}},
    ]


def test_members_without_a_name_are_matched_by_their_place() -> None:
    assert differences(["a", "b"], ["a", "c", "d"]) == [
        {"pointer": "/1", "first": "b", "second": "c"},
        {"pointer": "/2", "second": "d"},
    ]
    assert differences([{"id": "x"}, {"id": "x"}], [{"id": "y"}, {"id": "x"}]) == [
        {"pointer": "/0/id", "first": "x", "second": "y"}
    ]


def test_true_is_not_one() -> None:
    assert differences({"a": True}, {"a": 1}) == [{"pointer": "/a", "first": True, "second": 1}]
