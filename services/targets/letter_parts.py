"""What a letter is made of: how large its parts may be, and that nothing in them runs or is fetched when it is opened.

A part is judged by what leads to it and what it holds: its name is the author's own choice.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from docx import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.oxml import serialize_part_xml
from docx.opc.part import Part, XmlPart
from docx.oxml.parser import parse_xml

from services.targets.errors.tables import LetterTemplateTooLarge, NotALetterTemplate

MOST_OCTETS = 16 * 2**20
"""Of what is inside the file, unpacked; pictures are most of it."""
MOST_XML = 2**20
"""Of one part that text may be taken from. docxtpl looks for tags by patterns, which take long on what is longer."""
MOST_BRACES = 4_000
MOST_SECTIONS = 100
"""docxtpl renders the footnotes once for each."""
_PICTURES = {RELATIONSHIP_TYPE.IMAGE, RELATIONSHIP_TYPE.FONT, RELATIONSHIP_TYPE.THUMBNAIL}
"""What no text is taken from, unless it says that it is XML."""
_ACTIVE = {
    "afchunk", "attachedtemplate", "control", "activexcontrolbinary", "frame", "keymapcustomizations", "oleobject",
    "package", "subdocument", "vbaproject", "wordvbadata",
}  # fmt: skip
"""Last words of the relationships that lead to macros, embedded files or other documents."""
_FIELDS = {
    "AUTHOR", "COMMENTS", "CREATEDATE", "DATE", "DOCPROPERTY", "EQ", "FILENAME", "FORMCHECKBOX", "FORMDROPDOWN",
    "FORMTEXT", "HYPERLINK", "KEYWORDS", "LASTSAVEDBY", "MERGEFIELD", "NOTEREF", "NUMPAGES", "PAGE", "PAGEREF",
    "PRINTDATE", "REF", "REVNUM", "SAVEDATE", "SECTION", "SECTIONPAGES", "SEQ", "STYLEREF", "SUBJECT", "SYMBOL", "TC",
    "TIME", "TITLE", "TOC", "XE",
}  # fmt: skip
"""Fields that say something of the document itself. Others fetch or start something (DDE, INCLUDETEXT, INCLUDEPICTURE,
LINK, DATABASE), or make up the name of one that does (QUOTE)."""


class Active(Exception):
    """Something would run or be fetched; the message says what."""


def refuse_large(content: bytes) -> None:
    """Before text is looked at: what would take gigabytes or minutes. LetterTemplateTooLarge, NotALetterTemplate."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MOST_OCTETS:
            raise LetterTemplateTooLarge(unpacked=unpacked, limit=MOST_OCTETS)
        document = Document(io.BytesIO(content))
        texts, sections = list(_texts(document)), len(document.sections)
    except LetterTemplateTooLarge:
        raise
    except Exception as fault:  # python-docx, lxml, zipfile and zlib each end in their own, whatever they are given
        raise NotALetterTemplate(why=type(fault).__name__) from fault
    longest = max(map(len, texts), default=0)
    if longest > MOST_XML or sum(map(len, texts)) > MOST_OCTETS:
        raise LetterTemplateTooLarge(unpacked=unpacked, limit=MOST_OCTETS, longest_part=longest, part_limit=MOST_XML)
    if sum(text.count(b"{") for text in texts) > MOST_BRACES:
        raise NotALetterTemplate(why=f"more than {MOST_BRACES} braces")
    if sections > MOST_SECTIONS:
        raise NotALetterTemplate(why=f"more than {MOST_SECTIONS} sections")


def refuse_active(document: Any) -> None:
    """Macros, embedded files, other documents, and fields that fetch or start something. Active."""
    for link in document.part.package.iter_rels():
        kind = link.reltype.rstrip("/").rpartition("/")[2]
        if kind.lower() in _ACTIVE or (link.is_external and kind != "hyperlink"):
            raise Active(f"the letter may not hold this: {kind}")
    for part in document.part.package.iter_parts():
        tree = _tree(part)
        for code in () if tree is None else _field_codes(tree):
            if code.strip() and code.split(maxsplit=1)[0].upper() not in _FIELDS:
                raise Active(f"the letter may not hold this field: {code.strip()[:40]}")


def _texts(document: Any) -> Iterator[bytes]:
    """Whatever text may be taken from, as often as something leads to it: that often it is rendered."""
    for link in document.part.package.iter_rels():
        if link.is_external:
            continue
        part = link.target_part
        if link.reltype not in _PICTURES or "xml" in part.content_type:
            tree = _tree(part)
            yield part.blob if tree is None else serialize_part_xml(tree)  # "{" may be written "&#123;"


def _tree(part: Part) -> Any:
    """The part as XML, None where it is none."""
    if isinstance(part, XmlPart):
        return part.element
    try:
        return parse_xml(part.blob)
    except (SyntaxError, ValueError):  # lxml's own is a SyntaxError
        return None


def _field_codes(tree: Any) -> Iterator[str]:
    """What each field says, `{}` where another stands inside it: that may make up the name of one that is not taken."""
    within: list[str] = []
    for element in tree.iter("{*}fldSimple", "{*}fldChar", "{*}instrText", "{*}delInstrText"):
        name = str(element.tag).rpartition("}")[
            2
        ]  # the strict and the transitional form of the format differ before it
        stated = {str(key).rpartition("}")[2]: value for key, value in element.attrib.items()}
        if name == "fldSimple":
            yield stated.get("instr", "")
        elif name in ("instrText", "delInstrText") and within:
            within[-1] += element.text or ""
        elif name in ("instrText", "delInstrText"):
            yield element.text or ""
        elif name == "fldChar" and stated.get("fldCharType") == "begin":
            if within:
                within[-1] += "{}"
            within.append("")
        elif name == "fldChar" and stated.get("fldCharType") == "end" and within:
            yield within.pop()
    yield from within
