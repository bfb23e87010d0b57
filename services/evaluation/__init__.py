"""Evaluation: what has been reached, as of any date and as known at any position, and who stands behind the figure.

Owns the standing of values (verified, returned, certified), audits, and the archive of every record. Publishes
`jikao.value.*` and `jikao.audit.sealed.v1`; listens to everything in the log. It alone judges progress and alone
answers what is computed from entries.
"""
