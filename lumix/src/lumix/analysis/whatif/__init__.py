"""What-if questions: one change of the model, and what becomes of the objective."""

from lumix.namesakes import refuse_namesakes

refuse_namesakes()  # this file is the first of ours to run where another distribution has overwritten lumix/__init__.py
