"""The app whose models the tests read."""
