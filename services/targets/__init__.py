"""The target service: what is to be reached, by whom, from when.

It owns logs and their clock, units, sources, persons (ids; their names in an erasable table), years, catalogues
and their alignment, targets, assignments, adjustments and period locks; it publishes all of these as the facts of
shared/contracts/targets.py and logs.py. It listens to nothing but its own log, from which every read is folded.
"""
