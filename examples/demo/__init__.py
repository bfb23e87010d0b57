"""Plays the year 2009 of a Hunan city through the public HTTP API and compares the outcome with what was published."""

from examples.demo.main import main

__all__ = ["main"]
