"""The copy functions under the path of the comparable package, so that its models run unchanged."""
