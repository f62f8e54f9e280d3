"""A table of cases: one row a case, or one row a feature with the case's id repeated.

What a column holds is decided by a mapping, which is guessed from the headers and confirmed by
whoever imports. Every cell is text: a formula is never more than its characters.
"""

from __future__ import annotations

from matcher.readers.tables.columns import Column, Role, guessed_columns, mapped_columns
from matcher.readers.tables.rows import cases_from_table
from matcher.readers.tables.text import Table, TableLimits, is_table_name, read_table

__all__ = [
    "Column",
    "Role",
    "Table",
    "TableLimits",
    "cases_from_table",
    "guessed_columns",
    "is_table_name",
    "mapped_columns",
    "read_table",
]
