"""The app of the tests that write: plans, their runs and what refers to them."""
