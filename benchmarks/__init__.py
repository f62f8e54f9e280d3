"""How good and how fast the service is, measured against public peers: one command a question."""
