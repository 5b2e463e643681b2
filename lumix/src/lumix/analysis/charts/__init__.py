"""Charts and reports of a sweep."""
