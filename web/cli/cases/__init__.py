"""Commands over cases: into the store and out, ranked, grouped, and the words that tell them."""
