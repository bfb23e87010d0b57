"""The routes of the evaluation service, one module a subject."""
