"""Catalogues as Excel workbooks: every fault by the cell that Excel shows, and nothing half-written."""

from __future__ import annotations

import io
import random
import uuid
import zipfile
from contextlib import suppress
from typing import Any

import pytest
from httpx2 import Response
from openpyxl import Workbook, load_workbook

from services.gateway.labels import NAMES
from services.targets import workbook
from services.targets.errors.catalogues import NotAWorkbook, WorkbookTooLarge
from services.targets.workbook import COLUMNS, read_catalogue, template
from tests.services.targets.catalogues import bodies
from tests.services.targets.conftest import CITY, YEAR, Office

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADINGS = ["编号", "指标编号", "名称", "类别", "目标类型", "方向", "目标值", "计量单位"]
ROADS = ["p-1", "roads", "改造县乡公路", "民生", "累计", "越高越好", 60.5, "公里"]


def filled(*rows: list[Any], headings: list[Any] | None = None) -> Workbook:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "目录"
    for row in (headings or HEADINGS, *rows):
        sheet.append(row)
    return book


def saved(book: Workbook) -> bytes:
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def faults(book: Workbook) -> list[tuple[int, str, str]]:
    return [(fault.row, fault.column, fault.code) for fault in read_catalogue(saved(book)).faults]


def test_headings_may_stand_in_any_order_and_language() -> None:
    book = filled(["住房", 7, "value-1"], headings=["Name", "目标值", "code"])
    assert {fault.code for fault in read_catalogue(saved(book)).faults} == {"HEADING_MISSING"}
    mixed = ["Name", "目标值", "code", "Indicator", "category", "Kind", "方向"]
    sheet = read_catalogue(saved(filled(["住房", 7, 12, "i", "livelihood", "累计", "higher"], headings=mixed)))
    assert sheet.faults == []
    assert sheet.items == [(2, {"name": {"zh": "住房"}, "value": "7", "code": "12", "indicator": "i",
                                "category": "livelihood", "kind": "cumulative", "direction": "higher"})]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "read"),
    [(60, "60"), (60.5, "60.5"), (0.1, "0.1"), (1e15, "1000000000000000"), ("0060", "0060"), (1.10, "1.1"),
     (1e-7, "0.0000001"), (-3.25, "-3.25"), ("12.50", "12.50")],
)  # fmt: skip
def test_a_number_is_read_as_it_was_typed(typed: object, read: str) -> None:
    [(_, item)] = read_catalogue(saved(filled([*ROADS[:6], typed, "公里"]))).items
    assert item["value"] == read


@pytest.mark.parametrize(
    ("column", "typed", "code"),
    [("G", "2009-07-01", None), ("G", True, "NUMBER_EXPECTED"), ("G", 1e-13, "TOO_MANY_DECIMALS"),
     ("G", "#REF!", "CELL_HAS_ERROR"), ("G", "=1+1", "FORMULA_WITHOUT_VALUE"), ("D", "教育", "NOT_OFFERED"),
     ("H", "里", "NOT_OFFERED"), ("J", "more", "NO_HEADING"), ("A", True, "TEXT_EXPECTED")],
)  # fmt: skip
def test_an_unusable_cell_is_named_as_excel_shows_it(column: str, typed: object, code: str | None) -> None:
    book = filled(ROADS, [*ROADS])
    book.worksheets[0][f"{column}3"] = typed
    if typed == "#REF!":
        book.worksheets[0][f"{column}3"].data_type = "e"
    assert faults(book) == ([(3, column, code)] if code else [])


@pytest.mark.parametrize(
    ("headings", "code", "column"),
    [([*HEADINGS, "备注"], "HEADING_UNKNOWN", "I"), ([*HEADINGS, "编号"], "HEADING_REPEATED", "I"),
     (HEADINGS[1:], "HEADING_MISSING", "")],
)  # fmt: skip
def test_headings_that_do_not_fit_are_named_and_no_row_is_read(headings: list[str], code: str, column: str) -> None:
    sheet = read_catalogue(saved(filled(ROADS, headings=headings)))
    assert [(fault.row, fault.column, fault.code) for fault in sheet.faults] == [(1, column, code)]
    assert sheet.items == []


def test_merged_headings_are_refused() -> None:
    book = filled(ROADS)
    book.worksheets[0].merge_cells("A1:B1")
    assert faults(book) == [(1, "A", "HEADING_MERGED")]


def test_empty_rows_are_left_out_and_the_others_keep_their_numbers() -> None:
    sheet = read_catalogue(saved(filled(ROADS, [None] * 8, [*ROADS])))
    assert [row for row, _ in sheet.items] == [2, 4]


def test_what_is_no_workbook_is_refused() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writing:
        writing.writestr("readme.txt", "no workbook")
    for content in (b"", b"PK", b"code;indicator\n", archive.getvalue()):
        with pytest.raises(NotAWorkbook):
            read_catalogue(content)


def with_member(content: bytes, name: str, text: bytes) -> bytes:
    """The workbook, one of its members written anew."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(target, "w") as archive:
        for other in source.namelist():
            archive.writestr(other, text if other == name else source.read(other))
    return target.getvalue()


@pytest.mark.parametrize("name", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "[Content_Types].xml"])
def test_a_workbook_that_is_cut_off_inside_is_refused(name: str) -> None:
    content = saved(filled(ROADS))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        whole = archive.read(name)
    with pytest.raises(NotAWorkbook):
        read_catalogue(with_member(content, name, whole[: len(whole) // 2]))


def test_a_workbook_damaged_anywhere_is_taken_or_refused() -> None:
    sound, drawn = saved(filled(ROADS)), random.Random(2009)
    with zipfile.ZipFile(io.BytesIO(sound)) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    for turn in range(200):
        # Half of them inside a member, where the archive itself stays sound.
        name = drawn.choice([*inside])
        damaged = bytearray(inside[name] if turn % 2 else sound)
        damaged[drawn.randrange(len(damaged))] ^= 1 + drawn.randrange(255)
        with suppress(NotAWorkbook, WorkbookTooLarge):
            read_catalogue(with_member(sound, name, bytes(damaged)) if turn % 2 else bytes(damaged))


def test_a_workbook_that_unpacks_to_gigabytes_is_refused_before_it_is_read() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writing:
        writing.writestr("xl/worksheets/sheet1.xml", b" " * (workbook.MOST_OCTETS + 1))
    assert len(archive.getvalue()) < 100_000
    with pytest.raises(WorkbookTooLarge):
        read_catalogue(archive.getvalue())


def test_a_sheet_with_a_million_empty_rows_is_refused() -> None:
    content = io.BytesIO(saved(filled(ROADS)))
    with zipfile.ZipFile(content, "a") as writing, pytest.warns(UserWarning, match="Duplicate name"):
        writing.writestr("xl/worksheets/sheet1.xml", b"<row/>" * 1_000_000, zipfile.ZIP_DEFLATED)
    with pytest.raises(WorkbookTooLarge):
        read_catalogue(content.getvalue())


def test_the_template_takes_what_its_drop_downs_offer() -> None:
    book = load_workbook(io.BytesIO(template()))
    sheet = book.worksheets[0]
    assert [cell.value for cell in sheet[1]] == [column.zh for column in COLUMNS]
    sheet.append(
        [
            "p-1",
            "roads",
            "公路",
            "民生",
            "累计",
            "越高越好",
            "数值",
            "year",
            60,
            "公里",
            1.5,
            3,
            None,
            "否",
            "是",
            "实事",
        ]
    )
    read = read_catalogue(saved(book))
    assert read.faults == []
    [(row, item)] = read.items
    assert (row, item["weight"], item["bonus"], item["tags"]) == (2, "1.5", False, ["practical_matter"])
    offered = {area for rule in sheet.data_validations.dataValidation for area in str(rule.sqref).split()}
    assert {area.rpartition(":")[0] for area in offered} == {"D2", "E2", "F2", "G2", "J2", "N2", "O2"}


@pytest.mark.parametrize(
    ("words", "labels"),
    [(workbook.CATEGORIES, "categories"), (workbook.KINDS, "target_kinds"), (workbook.DIRECTIONS, "directions"),
     (workbook.BASES, "target_bases"), (workbook.TAGS, "tags")],
)  # fmt: skip
def test_a_workbook_speaks_as_the_labels_do(words: dict[str, str], labels: str) -> None:
    assert words == {code: zh for code, (zh, _) in NAMES[labels].items()}


# Over HTTP


def sends(city: Office, book: Workbook, issuer: str = "province", **query: str) -> Response:
    asked = "&".join(f"{name}={value}" for name, value in {"issuer": issuer, **query}.items())
    headers = city.bearer("office") | {"Content-Type": XLSX, "Idempotency-Key": uuid.uuid4().hex}
    answer = city.client.post(f"{YEAR}/catalogue-workbooks?{asked}", content=saved(book), headers=headers)
    city.after = answer.headers.get("Jikao-Token", city.after)
    return answer


def test_the_catalogue_of_2009_comes_in_as_a_workbook_as_it_does_as_json(city: Office) -> None:
    book = load_workbook(io.BytesIO(template()))
    for body in bodies("province"):
        item = body | {"name": body["name"]["zh"], "tags": ",".join(body["tags"])}
        book.worksheets[0].append([item.get(column.member) for column in COLUMNS])
    checked = sends(city, book, mode="check")
    assert (checked.status_code, checked.json()) == (200, {"catalogue": None, "items": 125, "faults": []})
    taken = sends(city, book)
    assert taken.status_code == 201, taken.text
    same = city.post(f"{YEAR}/catalogues", {"issuer": "province", "items": bodies("province")})
    assert same.status_code == 201, same.text
    first, second = city.get(f"{YEAR}/catalogues").json()["items"]
    assert first["id"] == taken.json()["catalogue"]
    names = [row["code"] for row in city.get(f"{YEAR}/catalogues/{first['id']}", limit=1000).json()["items"]]
    assert names == [body["code"] for body in bodies("province")]
    assert (first["items"], second["items"]) == (125, 125)


FAULTY = filled(
    ROADS,
    ["p-1", "bridges", "桥梁", "民生", "累计", "越高越好", 3, "个"],
    ["p-3", "parks", "公园", "民生", "累计", "越高越好", None, "个"],
    ["p-4", "homes", "住房", "宫殿", "累计", "越高越好", "abc", "个"],
    ["p-5", "schools", "学校", "民生", "累计", "越高越好", 4, "所"],
)


def test_every_fault_is_named_by_its_cell_and_nothing_is_taken_in(city: Office) -> None:
    said = sends(city, FAULTY, mode="check").json()
    assert [(f["sheet"], f["row"], f["column"], f["code"]) for f in said["faults"]] == [
        ("目录", 2, "A", "CODE_STATED_TWICE"), ("目录", 3, "A", "CODE_STATED_TWICE"), ("目录", 4, "G", "VALUE_MISSING"),
        ("目录", 5, "D", "NOT_OFFERED"), ("目录", 5, "G", "STRING_PATTERN_MISMATCH"),
    ]  # fmt: skip
    assert "2 and 3" in said["faults"][0]["en"]
    assert all(fault["zh"] and fault["en"] for fault in said["faults"])
    refused = sends(city, FAULTY)
    assert (refused.status_code, refused.json()["code"]) == (422, "CATALOGUE_FAULTY")
    assert refused.json()["errors"][2]["pointer"] == "/目录/G4"
    assert city.get(f"{YEAR}/catalogues").json()["items"] == []


def test_row_by_row_the_rows_without_fault_are_taken_in_and_the_others_named(city: Office) -> None:
    taken = sends(city, FAULTY, atomic="false")
    assert taken.status_code == 201, taken.text
    assert (taken.json()["items"], len(taken.json()["faults"])) == (1, 5)
    shown = city.get(f"{YEAR}/catalogues/{taken.json()['catalogue']}").json()
    assert [row["code"] for row in shown["items"]] == ["p-5"]


def test_with_wrong_headings_or_no_good_row_nothing_is_taken_in_row_by_row_either(city: Office) -> None:
    for book in (filled(ROADS, headings=[*HEADINGS, "备注"]), filled([*ROADS[:6], None, None]), filled()):
        assert sends(city, book, atomic="false").json()["code"] == "CATALOGUE_FAULTY"
    assert city.get(f"{YEAR}/catalogues").json()["items"] == []


def test_another_content_type_is_refused(city: Office) -> None:
    headers = city.bearer("office") | {"Content-Type": "text/csv", "Idempotency-Key": "csv"}
    answer = city.client.post(f"{YEAR}/catalogue-workbooks?issuer=city", content=b"a;b", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "CONTENT_TYPE_NOT_TAKEN")


def test_the_template_can_be_fetched(city: Office) -> None:
    answer = city.get(f"{CITY}/templates/catalogue.xlsx")
    assert answer.headers["Content-Type"] == XLSX
    assert read_catalogue(answer.content).items == []
