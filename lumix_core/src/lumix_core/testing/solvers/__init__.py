"""The conformance kit for solvers."""
