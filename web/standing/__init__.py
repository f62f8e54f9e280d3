"""Shared cases are asked about again by themselves: when, of whom, and what is news."""
