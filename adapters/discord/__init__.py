"""Connect Discord: messages and commands in, answers out, over the gateway and REST."""
