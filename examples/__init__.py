"""The year 2009 as data, and the demo that plays it through the public HTTP API."""
