"""The one address that callers know: tokens, limits, routing, one OpenAPI document. It owns no facts.

Publishes nothing, listens to nothing, keeps nothing: it may run any number of times. The services behind it verify
tokens again themselves, so it is a convenience and a shield, never the only lock.
"""
