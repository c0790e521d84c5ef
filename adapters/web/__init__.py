"""The web: the playground, the console, and what their pages share. Each is imported by its own name."""
