"""A case on its way in: the form as it is typed, the file that waits, the number it gets."""
