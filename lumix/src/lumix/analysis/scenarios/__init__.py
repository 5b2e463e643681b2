"""Scenarios: named sets of changes, what becomes of the model in each, and what is kept of it."""
