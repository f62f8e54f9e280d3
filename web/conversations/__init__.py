"""What clinicians of two sites write to each other about a pair of cases."""
