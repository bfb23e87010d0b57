"""A catalogue as an Excel workbook: which columns there are, what a sheet's rows say, and every cell that says nothing
usable, by the row and column that Excel itself shows.

One sheet, its first row the headings (Chinese, English or the API's name; in any order), a row an indicator below.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.datavalidation import DataValidation

from services.targets.errors.catalogues import NotAWorkbook, WorkbookTooLarge
from shared.quantities import DECIMALS, UNITS

MOST_ROWS = 10_000
"""Indicators in one workbook, as in a catalogue sent as JSON."""
MOST_SCANNED = 50_000
"""Rows of all sheets, empty ones included: a sheet formatted down to its last row has a million of them."""
MOST_OCTETS = 64 * 2**20
"""Of what is inside the file, unpacked: a workbook is a zip archive, and a small one can unpack to gigabytes."""
_CHUNK = 2**20

Words = Mapping[str, str]
CATEGORIES: Words = {
    "key_work": "重点工作", "livelihood": "民生", "economy": "经济发展", "society": "社会发展",
    "government": "政府自身建设",
}  # fmt: skip
KINDS: Words = {
    "cumulative": "累计", "floor": "不低于", "ceiling": "不超过", "rate": "比率", "maintain": "保持",
    "milestone": "节点", "qualitative": "定性",
}  # fmt: skip
DIRECTIONS: Words = {"higher": "越高越好", "lower": "越低越好"}
BASES: Words = {"value": "数值", "growth": "增幅"}
TAGS: Words = {"practical_matter": "实事"}
YES_NO: Words = {"true": "是", "false": "否"}
UNIT_NAMES: Words = {code: unit.zh for code, unit in UNITS.items()}


class Unusable(Exception):
    """What a cell holds cannot be this column's; the fault's code and both sentences."""

    def __init__(self, code: str, en: str, zh: str) -> None:
        super().__init__(en)
        self.code, self.en, self.zh = code, en, zh


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the member of an item that it fills, its headings, and how a cell is read."""

    member: str
    zh: str
    en: str
    read: Callable[[Any], Any]
    needed: bool = False
    words: Words | None = None


class CellFault(NamedTuple):
    """One fault in the workbook; `row` and `column` as Excel shows them (1 and A first), `column` empty for a row."""

    sheet: str
    row: int
    column: str
    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was read: items as the API takes them, each with its row in Excel; columns by member; faults so far."""

    name: str
    items: Sequence[tuple[int, dict[str, Any]]]
    columns: Mapping[str, str]
    faults: Sequence[CellFault]


def _text(value: Any) -> str:
    if isinstance(value, (bool, date, datetime)):
        raise Unusable("TEXT_EXPECTED", "Text is expected here.", "此处应为文本。")
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a code that Excel has taken for a number
    return str(value).strip()


def _quantity(value: Any) -> str:
    """Numbers as typed: a workbook keeps them in binary, and their shortest text is what was typed (to 15 digits)."""
    if isinstance(value, (bool, date, datetime)):
        raise Unusable("NUMBER_EXPECTED", "A number is expected here.", "此处应为数值。")
    if isinstance(value, (int, float)):
        written = f"{Decimal(repr(value)):f}"
        written = written.rstrip("0").rstrip(".") if "." in written else written
        if len(written.partition(".")[2]) > DECIMALS:
            raise Unusable("TOO_MANY_DECIMALS", "More than 12 decimals.", "小数超过12位。")
        return written
    return str(value).strip()


def _one_of(words: Words) -> Callable[[Any], str]:
    codes = {**{zh: code for code, zh in words.items()}, **{code: code for code in words}}

    def read(value: Any) -> str:
        written = _text(value)
        if written not in codes:
            raise Unusable(
                "NOT_OFFERED", f"{written[:40]} is none of: {', '.join(words)}.",
                f"“{written[:40]}”不在可选范围内:{'、'.join(words.values())}。",
            )  # fmt: skip
        return codes[written]

    return read


def _yes_or_no(value: Any) -> bool:
    return value if isinstance(value, bool) else _one_of(YES_NO)(str(value).strip().lower()) == "true"


def _label(value: Any) -> dict[str, str]:
    return {"zh": _text(value)}


def _tags(value: Any) -> list[str]:
    read = _one_of(TAGS)
    return [read(tag) for tag in _text(value).replace("、", ",").replace("，", ",").split(",") if tag.strip()]


COLUMNS: tuple[Column, ...] = (
    Column("code", "编号", "Code", _text, needed=True),
    Column("indicator", "指标编号", "Indicator", _text, needed=True),
    Column("name", "名称", "Name", _label, needed=True),
    Column("category", "类别", "Category", _one_of(CATEGORIES), needed=True, words=CATEGORIES),
    Column("kind", "目标类型", "Kind", _one_of(KINDS), needed=True, words=KINDS),
    Column("direction", "方向", "Direction", _one_of(DIRECTIONS), needed=True, words=DIRECTIONS),
    Column("basis", "口径", "Basis", _one_of(BASES), words=BASES),
    Column("period", "周期", "Period", _text),
    Column("value", "目标值", "Value", _quantity),
    Column("unit_of_measure", "计量单位", "Unit of measure", _one_of(UNIT_NAMES), words=UNIT_NAMES),
    Column("weight", "权重", "Weight", _quantity),
    Column("points", "分值", "Points", _quantity),
    Column("text", "文字要求", "Text", _text),
    Column("bonus", "加分项", "Bonus", _yes_or_no, words=YES_NO),
    Column("assesses_us", "考核本市", "Assesses us", _yes_or_no, words=YES_NO),
    Column("tags", "标签", "Tags", _tags),
)
_BY_HEADING = {
    heading.casefold(): column for column in COLUMNS for heading in (column.member, column.zh, column.en)
}  # fmt: skip


_NOT_A_WORKBOOK = (
    InvalidFileException, zipfile.BadZipFile, zlib.error, LookupError, ValueError, OSError, EOFError, TypeError,
    AttributeError, SyntaxError, NotImplementedError, RuntimeError, ArithmeticError, AssertionError,
)  # fmt: skip
"""What openpyxl ends in when the archive holds something else than it expects; of XML it is a SyntaxError."""


def read_catalogue(content: bytes) -> Sheet:
    """The first sheet's items, and the faults of cells and headings. NotAWorkbook, WorkbookTooLarge.

    Whether an item is complete and right is not judged here. Rows without any value are left out.
    """
    _refuse_bomb(content)
    try:
        sheet = load_workbook(io.BytesIO(content), data_only=True).worksheets[0]
        written = load_workbook(io.BytesIO(content)).worksheets[0]
    except _NOT_A_WORKBOOK as fault:
        raise NotAWorkbook(why=type(fault).__name__) from fault
    faults: list[CellFault] = []
    merged = [area for area in sheet.merged_cells.ranges if area.min_row == 1]
    for area in merged:
        faults.append(CellFault(sheet.title, 1, get_column_letter(area.min_col), "HEADING_MERGED",
                                "标题单元格不得合并。", "Headings must not be merged cells."))  # fmt: skip
    rows = sheet.iter_rows()
    columns = {} if merged else _headings(sheet.title, next(rows, ()), faults)
    items: list[tuple[int, dict[str, Any]]] = []
    if columns:
        for number, cells in enumerate(rows, start=2):
            if all(cell.value is None and written[cell.coordinate].data_type != "f" for cell in cells):
                continue
            if len(items) == MOST_ROWS:
                faults.append(CellFault(
                    sheet.title, number, "", "TOO_MANY_ROWS",
                    f"最多 {MOST_ROWS} 行指标。", f"There are more than {MOST_ROWS} rows.",
                ))  # fmt: skip
                break
            items.append((number, dict(_row(sheet.title, cells, columns, written, faults))))
    return Sheet(sheet.title, items, {column.member: letter for letter, column in columns.items()}, faults)


def template() -> bytes:
    """An empty workbook with all columns, in Chinese, with drop-downs where a column takes one of a list."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "目录"
    lists = book.create_sheet("选项")
    for at, column in enumerate(COLUMNS, start=1):
        letter = get_column_letter(at)
        heading = sheet.cell(1, at, column.zh)
        heading.font, heading.alignment = Font(bold=column.needed), Alignment(horizontal="center")
        sheet.column_dimensions[letter].width = 16
        if column.words:
            for row, word in enumerate(column.words.values(), start=1):
                lists.cell(row, at, word)
            offered = DataValidation(
                "list", formula1=f"选项!${letter}$1:${letter}${len(column.words)}", allow_blank=True
            )
            offered.add(f"{letter}2:{letter}{MOST_ROWS + 1}")
            sheet.add_data_validation(offered)
    lists.sheet_state = "hidden"
    sheet.freeze_panes = "A2"
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def _refuse_bomb(content: bytes) -> None:
    """Before anything is parsed: what would take gigabytes or minutes. WorkbookTooLarge, NotAWorkbook."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
            if unpacked > MOST_OCTETS:
                raise WorkbookTooLarge(unpacked=unpacked, limit=MOST_OCTETS)
            sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
            rows = sum(_rows(archive, name) for name in sheets)
    except _NOT_A_WORKBOOK as fault:
        raise NotAWorkbook(why=type(fault).__name__) from fault
    if rows > MOST_SCANNED:
        raise WorkbookTooLarge(rows=rows, limit=MOST_SCANNED)


def _rows(archive: zipfile.ZipFile, sheet: str) -> int:
    """How often a row begins in a sheet, empty ones included."""
    found, tail = 0, b""
    with archive.open(sheet) as xml:
        while chunk := xml.read(_CHUNK):
            chunk = tail + chunk
            found += chunk.count(b"<row")
            tail = chunk[-3:]  # too short to hold one that was counted
    return found


def _headings(sheet: str, cells: Sequence[Any], faults: list[CellFault]) -> dict[str, Column]:
    """The column under each letter; nothing where headings are missing, unknown or repeated."""
    found: dict[str, Column] = {}
    before = len(faults)
    for cell in cells:
        if cell.value is None:
            continue
        heading = str(cell.value).strip()
        column = _BY_HEADING.get(heading.casefold())
        if column is None:
            named = heading[:40]
            faults.append(CellFault(sheet, 1, cell.column_letter, "HEADING_UNKNOWN",
                                    f"没有“{named}”这一列。", f"There is no column {named}."))  # fmt: skip
        elif column in found.values():
            faults.append(CellFault(sheet, 1, cell.column_letter, "HEADING_REPEATED",
                                    f"“{heading}”列重复。", f"The column {heading} stands twice."))  # fmt: skip
        else:
            found[cell.column_letter] = column
    for column in COLUMNS:
        if column.needed and column not in found.values():
            faults.append(CellFault(sheet, 1, "", "HEADING_MISSING",
                                    f"缺少“{column.zh}”列。", f"The column {column.en} is missing."))  # fmt: skip
    return found if len(faults) == before else {}


def _row(
    sheet: str, cells: Sequence[Any], columns: Mapping[str, Column], written: Any, faults: list[CellFault]
) -> Iterator[tuple[str, Any]]:
    """The members that a row states. An unusable cell is a fault, and its member is left out."""
    for cell in cells:
        if cell.value is None and written[cell.coordinate].data_type != "f":
            continue
        column = columns.get(cell.column_letter)
        try:
            if column is None:
                raise Unusable("NO_HEADING", "This column has no heading.", "该列没有标题。")
            if cell.data_type == "e":
                raise Unusable("CELL_HAS_ERROR", f"The cell shows {cell.value}.", f"单元格显示错误 {cell.value}。")
            if cell.value is None:
                raise Unusable("FORMULA_WITHOUT_VALUE", "The formula has no saved value: save it in Excel first.",
                               "公式没有已保存的结果,请先在 Excel 中保存。")  # fmt: skip
            if cell.value == "":
                continue
            yield column.member, column.read(cell.value)
        except Unusable as why:
            faults.append(CellFault(sheet, cell.row, cell.column_letter, why.code, why.zh, why.en))
