"""The model in the notation of mathematics, written from the formulas of its functions."""
