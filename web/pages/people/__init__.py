"""What is a person's own: the way in, the account, its devices, and the notices."""
