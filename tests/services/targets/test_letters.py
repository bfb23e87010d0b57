"""Target tables to take away: read back with openpyxl and python-docx, and with LibreOffice where it is installed."""

from __future__ import annotations

import io
import random
import shutil
import subprocess
import uuid
import zipfile
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from docx.oxml.ns import qn
from httpx2 import Response
from openpyxl import load_workbook
from pydantic import ValidationError
from sqlalchemy import delete

from services.gateway.labels import NAMES
from services.targets import letter as letters
from services.targets import letter_parts
from services.targets.default_letter import default_letter
from services.targets.errors.tables import LetterTemplateTooLarge, NotALetterTemplate
from services.targets.letter import BARE_SAMPLE, SAMPLE, NotRendered, check_template, rendered
from services.targets.table_text import COLUMNS, ISSUERS, ROLES, STATUSES, day_text, printable
from services.targets.tables import LETTER_TEMPLATES
from shared.http.fields import Label
from shared.sql import writing
from tests.services.targets.conftest import CITY, YEAR, Office
from tests.services.targets.test_target_tables import adjusts, issue, one, signs

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
OFFICE_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TEMPLATE = f"{CITY}/letter-template"


def written(*paragraphs: str) -> bytes:
    """A Word document of these paragraphs."""
    document, saved = Document(), io.BytesIO()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    document.save(saved)
    return saved.getvalue()


OURS = written(
    "{{ unit.name }} {{ sha256 }}", "{% for t in targets %}{{ t.number }} {{ t.name }} {{ t.value }};{% endfor %}"
)


def said(letter: bytes) -> str:
    """All that a Word document says."""
    return "\n".join(text.text or "" for text in Document(io.BytesIO(letter)).element.body.iter(qn("w:t")))


def sheets(content: bytes) -> dict[str, list[list[Any]]]:
    book = load_workbook(io.BytesIO(content))
    return {sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book.worksheets}


def in_words(content: bytes, kind: str, folder: Path) -> str:
    """What LibreOffice shows of a file, by way of PDF or CSV."""
    source = folder / f"file.{kind}"
    source.write_bytes(content)
    to = "txt:Text (encoded):UTF8" if kind == "docx" else "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true"
    subprocess.run(
        ["soffice", "--headless", f"-env:UserInstallation=file://{folder}/profile", "--convert-to", to,
         "--outdir", str(folder / "out"), str(source)],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    return (folder / "out" / f"file.{to[:3]}").read_text(encoding="utf-8")


# The template


def test_the_default_template_makes_letters_and_sets_the_font_of_chinese_characters() -> None:
    check_template(default_letter())
    letter = rendered(default_letter(), SAMPLE)
    for expected in ("示例单位 <&>", "示例目标 <A> & “B”", "12345678901234567890.5", "ab" * 32):
        assert expected in said(letter)
    assert "{" not in said(rendered(default_letter(), BARE_SAMPLE))
    runs = Document(io.BytesIO(letter)).element.body.iter(qn("w:rFonts"))
    assert {run.get(qn("w:eastAsia")) for run in runs} == {"宋体", "黑体"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{{ unit.name }}{{ misspelt }}", "'misspelt' is undefined"),
        ("{{ unit.name.upper() }}", "Call"),
        ("{{ unit.name }}{{ ''.__class__.__mro__ }}", "Getattr"),
        ("{{ unit.name }}{{ 'a' * 1000000000 }}", "Mul"),
        ("{{ unit.name|upper }}", "Filter"),
        ("{% include '/etc/passwd' %}", "Include"),
        ("{% set x = 1 %}", "Assign"),
        ("{% for a in leads %}" * 2 + "{% endfor %}" * 2, "For"),
        ("{{ unit.name ", "unexpected"),
        ("{{ unit.name }}", "the sample letter does not say 示例目标"),
        ("no tag at all", "the sample letter does not say 示例单位"),
        ("{" * 5000, "more than 4000 braces"),
    ],
)  # fmt: skip
def test_a_template_that_makes_no_letter_or_would_do_more_is_refused(text: str, why: str) -> None:
    with pytest.raises(NotALetterTemplate) as refused:
        check_template(written(text))
    assert why in str(refused.value.about["why"])


def test_what_is_no_word_document_is_refused() -> None:
    workbook = io.BytesIO()
    with zipfile.ZipFile(workbook, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    for content in (b"", b"PK", b"{{ unit.name }}", workbook.getvalue()):
        with pytest.raises(NotALetterTemplate):
            check_template(content)


def test_a_template_that_unpacks_to_more_is_refused_before_it_is_read() -> None:
    long = written("a" * letter_parts.MOST_XML)
    for content in (repacked(OURS, {"word/media/a.png": b" " * letter_parts.MOST_OCTETS}), long):
        with pytest.raises(LetterTemplateTooLarge):
            check_template(content)


def test_text_of_a_letter_is_never_run() -> None:
    hostile = SAMPLE | {"unit": {"code": "x", "name": "{{ sha256 }} <w:p/> {% for %}"}}
    assert "{{ sha256 }} <w:p/> {% for %}" in said(rendered(OURS, hostile))


def test_a_template_that_fails_on_what_no_sample_has_says_why() -> None:
    with pytest.raises(NotRendered, match="undefined"):
        rendered(written("{% if status == '未下达' %}{{ misspelt }}{% endif %}"), BARE_SAMPLE)


def test_words_are_those_that_the_labels_say() -> None:
    for words, kind in ((ISSUERS, "issuers"), (ROLES, "assignment_roles"), (STATUSES, "signature_statuses")):
        assert words == {code: zh for code, (zh, _) in NAMES[kind].items()}
    assert day_text(date(2009, 3, 1)) == "2009年3月1日"


def repacked(content: bytes, changed: dict[str, str | bytes], dropped: str = "") -> bytes:
    """The file with some of its members written anew or added."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            if name not in changed and name != dropped:
                archive.writestr(name, source.read(name))
        for name, text in changed.items():
            archive.writestr(name, text)
    return target.getvalue()


def member(content: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name).decode()


def under_another_name(content: bytes) -> bytes:
    """The same document; its main part is not called word/document.xml."""
    types, links = (
        member(content, name).replace("word/document.xml", "word/main.xml")
        for name in ("[Content_Types].xml", "_rels/.rels")
    )
    return repacked(
        content,
        {"[Content_Types].xml": types, "_rels/.rels": links, "word/main.xml": member(content, "word/document.xml"),
         "word/_rels/main.xml.rels": member(content, "word/_rels/document.xml.rels")},
        dropped="word/document.xml",
    )  # fmt: skip


def linking(kind: str, target: str, more: str = "") -> bytes:
    """Our template with another relationship of the kind."""
    links = member(OURS, "word/_rels/document.xml.rels")
    link = f'<Relationship Id="rIdX" Type="{OFFICE_LINKS}/{kind}" Target="{target}"{more}/></Relationships>'
    return repacked(OURS, {"word/_rels/document.xml.rels": links.replace("</Relationships>", link),
                           "word/media/x.xml": "<x/>"})  # fmt: skip


def with_field(code: str) -> bytes:
    """Our template with what stands for a field in its first paragraph."""
    body = member(OURS, "word/document.xml")
    return repacked(OURS, {"word/document.xml": body.replace("</w:p>", f"{code}</w:p>", 1)})


def field(*codes: str) -> str:
    """A field; each code in a run of its own."""
    within = "".join(f"<w:r><w:instrText>{code}</w:instrText></w:r>" for code in codes)
    begin, end = (f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "end"))
    return begin + within + end


def test_limits_hold_whatever_the_parts_are_called() -> None:
    check_template(under_another_name(OURS))
    with pytest.raises(NotALetterTemplate) as refused:
        check_template(under_another_name(written("{%" * 8_000)))
    assert "braces" in str(refused.value.about["why"])
    with pytest.raises(LetterTemplateTooLarge):
        check_template(under_another_name(written("a" * letter_parts.MOST_XML)))


def test_braces_written_as_numbers_are_braces() -> None:
    body = member(written("BRACES"), "word/document.xml").replace("BRACES", "&#123;" * 5_000)
    with pytest.raises(NotALetterTemplate) as refused:
        check_template(repacked(OURS, {"word/document.xml": body}))
    assert "braces" in str(refused.value.about["why"])


@pytest.mark.parametrize(
    "kind", ["attachedTemplate", "vbaProject", "oleObject", "package", "control", "aFChunk", "subDocument"]
)
def test_what_holds_macros_or_other_documents_is_refused(kind: str) -> None:
    with pytest.raises(NotALetterTemplate) as refused:
        check_template(linking(kind, "media/x.xml"))
    assert kind in str(refused.value.about["why"])


def test_only_links_that_people_follow_lead_out_of_a_letter() -> None:
    check_template(linking("hyperlink", "https://example.org/", ' TargetMode="External"'))
    for kind in ("attachedTemplate", "image", "settings"):
        with pytest.raises(NotALetterTemplate):
            check_template(linking(kind, "https://example.org/x", ' TargetMode="External"'))


def test_fields_that_start_or_fetch_something_are_refused() -> None:
    for code in (field(" PAGE "), field(" PA", "GE \\* MERGEFORMAT"), '<w:fldSimple w:instr=" DATE "/>'):
        check_template(with_field(code))
    for code in (
        field(' DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe "/k calc"'), field("DD", "E x y"), field("dde x y"),
        field('INCLUDETEXT "x"'), '<w:fldSimple w:instr="INCLUDEPICTURE x"/>', field("{{ 'DDE' }} x"),
        field("{% if status == '签收后有变动' %}DDE{% endif %} x"), field("</w:instrText></w:r>" + field("QUOTE 68")
        + "<w:r><w:instrText> x y"),
    ):  # fmt: skip
        with pytest.raises(NotALetterTemplate):
            check_template(with_field(code))


def test_a_letter_that_would_grow_without_bound_is_not_made() -> None:
    line = SAMPLE["targets"][0]
    many: letters.Letter = {**SAMPLE, "targets": [line] * 1_000}
    long = written("{% for t in targets %}{{ t.name }}" + "a" * 10_000 + "{% endfor %}{{ unit.name }}")
    check_template(long)
    with pytest.raises(NotRendered, match="longer than"):
        rendered(long, many)
    assert said(rendered(default_letter(), many)).count(line["name"]) == 1_000


@pytest.mark.parametrize("member", ["word/document.xml", "[Content_Types].xml", "word/styles.xml"])
def test_a_damaged_document_is_refused(member: str) -> None:
    with zipfile.ZipFile(io.BytesIO(OURS)) as archive:
        start = archive.getinfo(member).header_offset + 30 + len(member)
    with pytest.raises(NotALetterTemplate):
        check_template(OURS[:start] + b"\xff" * 20 + OURS[start + 20 :])


def test_a_document_damaged_anywhere_is_taken_or_refused() -> None:
    drawn = random.Random(2009)
    for _ in range(200):
        content = bytearray(OURS)
        content[drawn.randrange(len(content))] ^= 1 + drawn.randrange(255)
        with suppress(NotALetterTemplate, LetterTemplateTooLarge):
            check_template(bytes(content))


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_what_xml_never_takes_is_shown_as_unknown(character: str) -> None:
    assert printable(f"县{character}路\t\n😀") == "县\ufffd路\t\n😀"


def test_names_that_no_document_can_hold_are_refused() -> None:
    for name in ("a\ufffeb", "a\uffff", "a\x0b", "a\ud800"):
        with pytest.raises(ValidationError):
            Label(zh=name)
    assert Label(zh="改造县乡公路 😀\ufffd").zh.endswith("\ufffd")


# Over HTTP


def puts(city: Office, content: bytes, *, who: str = "office", etag: str | None = None, kind: str = DOCX) -> Response:
    seen = etag or city.get(TEMPLATE).headers["ETag"]
    headers = {**city.bearer(who), "Idempotency-Key": uuid.uuid4().hex, "If-Match": seen,
               "Content-Type": kind}  # fmt: skip
    answer = city.client.put(TEMPLATE, content=content, headers=headers)
    city.after = answer.headers.get("Jikao-Token", city.after)
    return answer


def letter(city: Office, unit: str = "transport", **query: Any) -> Response:
    return city.get(f"{YEAR}/target-tables/{unit}/letter.docx", **query)


def test_the_city_s_table_is_text_and_says_where_it_stands(given_out: Office, tmp_path: Path) -> None:
    given_out.issues(
        "formula", name={"zh": "=1+1"}, value="12345678901234567890.123456789012", kind="rate", roll_up="worst",
        measures=[{"code": "growth", "name": {"zh": "增幅"}, "unit_of_measure": "percent"}],
    )  # fmt: skip
    assert given_out.assigns("transport", target="formula").status_code == 201
    issue(given_out)
    signs(given_out)
    answer = given_out.get(f"{YEAR}/target-tables.xlsx")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="target-tables-2009.xlsx"'
    found = sheets(answer.content)
    assert list(found) == ["目标责任表", "签收情况", "说明"]
    headings, *rows = found["目标责任表"]
    assert headings == list(COLUMNS.values())
    line = dict(zip(COLUMNS, rows[2], strict=True))
    assert (line["unit"], line["code"], line["name"]) == ("transport", "formula", "=1+1")
    assert line["value"] == "12345678901234567890.123456789012"
    roads = dict(zip(COLUMNS, rows[3], strict=True))
    assert (roads["role"], roads["part"], roads["weight"], roads["category"]) == ("牵头", "40", "12.5", "民生")
    cells = [cell for sheet in load_workbook(io.BytesIO(answer.content)).worksheets for row in sheet for cell in row]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}
    assert [row[:4] for row in found["签收情况"][1:]] == [
        ["county", "county", "未签收", "2"], ["transport", "transport", "已签收", "2"],
    ]  # fmt: skip
    notes = {str(row[0]): row[1] for row in found["说明"]}
    pin = one(given_out)["pin"]
    assert (notes["查询凭据(pin)"], notes["截至日志位置"]) == (pin["text"], str(pin["position"]))
    if shutil.which("soffice"):
        shown = in_words(answer.content, "xlsx", tmp_path)
        assert "12345678901234567890.123456789012" in shown
        assert "=1+1" in shown


def test_a_letter_says_what_the_unit_signs_for(given_out: Office, tmp_path: Path) -> None:
    issue(given_out)
    signs(given_out)
    answer = letter(given_out)
    assert answer.status_code == 200, answer.text
    table = one(given_out)
    hash, pin = table["table"]["sha256"], table["pin"]["text"]
    for expected in ("2009年度", "transport", "改造县乡公路", "40", "2009年3月10日", "已签收", hash, pin):
        assert expected in said(answer.content), expected
    if shutil.which("soffice"):
        assert "改造县乡公路" in in_words(answer.content, "docx", tmp_path)


def test_exports_at_any_date_and_any_state_of_knowledge(given_out: Office) -> None:
    before = one(given_out)["pin"]["text"]
    adjusts(given_out, "66.5")
    for query, value in (({}, "66.5"), ({"as_of": "2009-03-04"}, "60"), ({"pin": before}, "60")):
        rows = sheets(given_out.get(f"{YEAR}/target-tables.xlsx", **query).content)["目标责任表"]
        assert {row[9] for row in rows if row[3] == "roads"} == {value}
        assert value in said(letter(given_out, **query).content)


def test_the_office_replaces_the_template_and_earlier_letters_keep_theirs(given_out: Office) -> None:
    assert given_out.get(TEMPLATE).content == default_letter()
    before = letter(given_out)
    pin = one(given_out)["pin"]["text"]
    answer = puts(given_out, OURS)
    assert answer.status_code == 201, answer.text
    assert given_out.get(TEMPLATE).content == OURS
    assert said(letter(given_out).content) == f"transport {one(given_out)['table']['sha256']}\n1 改造县乡公路 60;"
    assert said(letter(given_out, pin=pin).content) == said(before.content)
    assert puts(given_out, OURS, etag='"0"').status_code == 412
    assert puts(given_out, default_letter()).status_code == 201
    assert given_out.get(TEMPLATE).content == default_letter()


def test_a_template_that_is_refused_leaves_nothing(given_out: Office) -> None:
    position = one(given_out)["pin"]["position"]
    for content, kind, status, code in (
        (written("{{ misspelt }}"), DOCX, 422, "NOT_A_LETTER_TEMPLATE"),
        (b"no document", DOCX, 422, "NOT_A_LETTER_TEMPLATE"),
        (OURS, "application/json", 422, "CONTENT_TYPE_NOT_TAKEN"),
        (b" " * (8 * 2**20 + 1), DOCX, 413, "BODY_TOO_LARGE"),
    ):
        answer = puts(given_out, content, kind=kind)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert puts(given_out, OURS, who="leader").status_code == 403
    assert given_out.get(TEMPLATE).content == default_letter()
    assert one(given_out)["pin"]["position"] == position


def test_a_template_whose_bytes_are_gone_is_said_to_be(given_out: Office) -> None:
    puts(given_out, OURS)
    service = given_out.client.app.state.service  # type: ignore[attr-defined]
    with writing(service.engine) as db:
        db.execute(delete(LETTER_TEMPLATES))
    answer = letter(given_out)
    assert (answer.status_code, answer.json()["code"]) == (410, "TEMPLATE_IS_GONE")


def test_a_letter_that_cannot_be_made_is_a_problem_document(given_out: Office) -> None:
    fails = "{% if status == '签收后有变动' %}{{ misspelt }}{% endif %}"
    assert puts(given_out, written(fails, "{{ unit.name }}{% for t in targets %}{{ t.name }}{% endfor %}")).is_success
    issue(given_out)
    signs(given_out)
    assert letter(given_out).status_code == 200
    adjusts(given_out, "66")
    answer = letter(given_out)
    assert (answer.status_code, answer.json()["code"]) == (409, "LETTER_CANNOT_BE_MADE")
    assert "misspelt" in answer.json()["about"]["why"]


def test_a_unit_takes_away_its_own_letter_only(given_out: Office) -> None:
    assert letter(given_out, "county", who="county").status_code == 200
    theirs = letter(given_out, "transport", who="county")
    assert (theirs.status_code, theirs.json()["code"]) == (404, "TABLE_UNKNOWN")
    assert given_out.get(f"{YEAR}/target-tables.xlsx", who="county").status_code == 403
    assert given_out.get(TEMPLATE, who="county").status_code == 403
    assert letter(given_out, "nowhere").json()["code"] == "TABLE_UNKNOWN"
    assert given_out.get(f"{CITY}/years/2008/target-tables.xlsx").json()["code"] == "YEAR_UNKNOWN"
