"""The Matchmaker Exchange (MME) API: other sites ask this node, and what they are told."""
