"""What another release would do to the stored cases and their matches, before it is active."""
