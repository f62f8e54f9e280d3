"""What is typed into one line of a form, and what is offered instead of typing."""
