"""What-if questions: one change of the model, and what becomes of the objective."""
