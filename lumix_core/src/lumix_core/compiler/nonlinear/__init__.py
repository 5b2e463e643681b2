"""What is not linear in a model: functions, products, sets and indicators, evaluated over columns."""
