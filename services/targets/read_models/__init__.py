"""One file for each question that the registry of shared/registry does not answer."""
