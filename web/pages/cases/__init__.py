"""One case: what every page of it shows, its own page, and its versions."""
