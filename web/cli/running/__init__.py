"""Commands of the operator: the service, its demonstration, its health, and copies of it."""
