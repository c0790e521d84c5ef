"""The room of turns: how one is run to its end."""
