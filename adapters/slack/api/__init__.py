"""Slack's Web API within its limits, and what it tells of workspaces, people, channels and files."""
