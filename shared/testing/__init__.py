"""Real neighbours for the tests and for `make stack`: an Apache Kafka broker and a PostgreSQL."""
