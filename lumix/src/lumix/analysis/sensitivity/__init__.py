"""Sensitivity: shadow prices, reduced costs, and the ranges within which they hold."""

from lumix.namesakes import refuse_namesakes

refuse_namesakes()  # this file is the first of ours to run where another distribution has overwritten lumix/__init__.py
