"""Where cases are kept: SQLite tables, their history, and what guards them."""
