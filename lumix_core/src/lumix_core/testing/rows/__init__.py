"""The conformance kit for row adapters."""
