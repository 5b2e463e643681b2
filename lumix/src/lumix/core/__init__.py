"""The modelling classes under the paths of the comparable package, so that its models run unchanged."""
