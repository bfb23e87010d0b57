"""Proofs that a log's history was not rewritten: made by the back end, checked by anybody, offline.

The package needs the standard library, `cryptography` for Ed25519, and `shared.merkle`; nothing of it touches a
database, the web or a clock. Text formats are those of C2SP (c2sp.org), so other people's tools read them too:

    notes, signing     signed-note: a text with signatures below it, and the key that makes them
    tree, tiles        RFC 6962 paths, and the tlog-tiles geometry in which a tree's hashes are stored
    checkpoints        tlog-checkpoint: size and root of a log, signed
    inclusion          tlog-proof: a record is in the log below a checkpoint
    consistency        one checkpoint's log goes on from another's, in the shape of tlog-witness
    receipts           what was taken in, signed
    verifying          the checks, one class for each way to fail; `python -m shared.proofs` runs them
"""
