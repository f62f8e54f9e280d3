"""Two cases side by side: what they share, what differs, and how they came to be a pair."""
