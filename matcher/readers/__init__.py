"""Foreign formats, to and from `Case`, with a report of what was mapped, guessed, dropped."""
