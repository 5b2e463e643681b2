"""Sensitivity: what the rows and variables of a solution are worth, and how far that holds."""

from lumix.namesakes import refuse_namesakes

refuse_namesakes()  # this file is the first of ours to run where another distribution has overwritten lumix/__init__.py
