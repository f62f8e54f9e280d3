"""A source file: where it comes from, whether it is whole, and what stands in it."""
