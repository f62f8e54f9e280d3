"""Groups of alike cases: the list and one group, drawn, told, and taken along."""
