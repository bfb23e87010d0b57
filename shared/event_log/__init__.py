"""The event log: one port, two adapters (Kafka and an embedded SQLite file), one contract suite over both.

Facts go into ordered, append-only partitions; everything anybody reads is a fold of them. `port` says what a
log promises, `embedded` and `kafka` keep the promise, `directory` folds the control topic that says which log
lives in which partition, `ids` mints the identities that go into records.
"""
