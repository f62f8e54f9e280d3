"""How a running service moves from one release to another and back."""
