"""Rules: functions that return comparisons of sums, traced into terms, or called row by row."""
