"""The messages that services promise one another, versioned. Importing this knows every type."""

from shared.contracts import (
    catalogues,
    decomposition,
    earlier,
    entries,
    evaluation,
    logs,
    organisation,
    owners,
    projects,
    target_kinds,
    target_tables,
    targets,
)
from shared.contracts.envelope import Envelope, decode, identity_hash, seal
from shared.contracts.registry import (
    CONTRACTS,
    TYPE_OF,
    UPCASTERS,
    InvalidData,
    UnknownType,
    decode_data,
    json_schema,
    schema_id,
)

__all__ = [
    "CONTRACTS", "TYPE_OF", "UPCASTERS", "Envelope", "InvalidData", "UnknownType", "catalogues", "decode",
    "decode_data", "decomposition", "earlier", "entries", "evaluation", "identity_hash", "json_schema", "logs",
    "organisation", "owners", "projects", "schema_id", "seal", "target_kinds", "target_tables", "targets",
]  # fmt: skip
