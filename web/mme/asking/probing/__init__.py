"""Whether a peer keeps to the protocol: asked for by its operator, reported, and kept."""
