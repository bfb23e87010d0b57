"""Where a service keeps the streams its commands decide on, and how those facts reach the log.

A command loads one stream, decides, and appends with the version it decided on; each fact's outbox row
commits with it (`store`). One relay per service sends the rows to the log in order (`relay`). The store is
read only to decide and to append: every answer comes from folds of the log. The tables live in the service's
own database and migrations (`tables`).
"""
