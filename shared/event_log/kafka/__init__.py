"""The event log on Kafka (kafka-python); `opening` is where to begin."""

import warnings

with warnings.catch_warnings():
    # Importing kafka-python raises some two hundred deprecation warnings of its own; once is enough for all files here.
    warnings.simplefilter("ignore", DeprecationWarning)
    import kafka.admin  # noqa: F401
