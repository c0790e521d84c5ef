"""The app in many workspaces: the pages that install it, encrypted tokens, and their renewal."""
