"""What is to be done later, and the mail that some of it sends."""
