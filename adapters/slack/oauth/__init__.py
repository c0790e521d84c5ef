"""Install the app in many workspaces: the pages, encrypted tokens, and their rotation."""
