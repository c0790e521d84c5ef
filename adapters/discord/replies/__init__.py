"""Show answers as messages of Discord."""
