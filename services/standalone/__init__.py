"""The embedded default: every service and the gateway in one process, on one data directory; the command line.

The only package that knows all services. It owns no facts; it puts together what the others own, with the same code
as the distributed form.
"""
