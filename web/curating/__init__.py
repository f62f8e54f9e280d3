"""What curators have a process of its own do, and the words that are the site's own."""
