"""Sensitivity: what the rows and variables of a solution are worth, and how far that holds."""
