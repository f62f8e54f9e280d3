"""What clinicians write to each other about a pair, here and to another node."""
