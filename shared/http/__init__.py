"""What every HTTP surface shares: problems, preconditions, pages, tokens, axes, logs, metrics and health."""
