"""Pairs of rows that a condition or a lookup joins."""
