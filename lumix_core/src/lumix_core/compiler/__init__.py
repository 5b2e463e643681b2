"""From the model to arrays: plan, read, evaluate, assemble."""
