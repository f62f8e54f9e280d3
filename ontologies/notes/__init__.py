"""Clinical notes: sentences, findings named in them, and what is said of each."""
