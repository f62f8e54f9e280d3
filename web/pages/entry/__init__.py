"""How a case gets in: its form, what is said beside it, and what two writers made of it."""
