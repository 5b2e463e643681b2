"""Workers: scenarios handed to an executor, none of them lost."""
