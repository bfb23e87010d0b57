"""Benchmarks: each script says what it measures."""
