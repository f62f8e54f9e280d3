"""How a question gets to a peer: the message, the address, the connection, many side by side."""
