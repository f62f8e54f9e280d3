"""Other sites: asked about a case, shown what they would see, and told what we publish."""
