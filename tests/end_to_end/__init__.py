"""Both forms, each started as a user starts it and driven over HTTP. A package, so that they end with its last test."""
