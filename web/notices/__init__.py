"""What people are told of their cases: who is told, what she has not read, and by e-mail."""
