"""What a peer asks, and what it is answered: the endpoints, their envelope, and how often."""
