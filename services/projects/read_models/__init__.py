"""One file for each question that the log's records answer here."""
