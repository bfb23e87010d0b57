"""The service's routes: parse, call, answer."""
