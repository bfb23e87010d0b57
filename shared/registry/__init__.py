"""The registry: what stands (units, targets, parts, projects, plans, locks), on two axes, as a fold of the log."""

from shared.registry.fold import ALWAYS, ENGINE, LETTER, Change, changes, lock_id, table_id
from shared.registry.registry import Registry, Versions

__all__ = ["ALWAYS", "ENGINE", "LETTER", "Change", "Registry", "Versions", "changes", "lock_id", "table_id"]
