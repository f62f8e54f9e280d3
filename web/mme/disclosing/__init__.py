"""What of a case may leave this site, to whom it went, and how it is taken back."""
