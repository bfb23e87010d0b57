"""The bytes of sealed documents, by their hash: durable, written once, outside every projection.

The log carries only the hash; whoever holds the bytes can prove them by it. A rebuild never touches them.
"""

from __future__ import annotations

from sqlalchemy import Column, Connection, LargeBinary, MetaData, Table, select

from shared.canonical import sha256_hex
from shared.sql import Code, insert_if_absent


def sealed_table(metadata: MetaData) -> Table:
    """One row a document: sha256 (hex) of its canonical bytes, and the bytes."""
    return Table(
        "sealed_documents", metadata,
        Column("sha256", Code(), nullable=False, primary_key=True),
        Column("content", LargeBinary, nullable=False),
    )  # fmt: skip


SEALED = sealed_table(MetaData())


def keep(db: Connection, content: bytes) -> str:
    """Keep a document's bytes; their hash. Kept once, however often it is asked."""
    sha256 = sha256_hex(content)
    insert_if_absent(db, SEALED, [{"sha256": sha256, "content": content}], on=("sha256",))
    return sha256


def kept(db: Connection, sha256: str) -> bytes | None:
    """The bytes kept under a hash; None if there are none. Whoever proves something hashes them again."""
    content = db.execute(select(SEALED.c.content).where(SEALED.c.sha256 == sha256)).scalar()
    return None if content is None else bytes(content)
