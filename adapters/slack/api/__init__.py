"""Call Slack's Web API within its rate limits, and read workspaces, people, channels and files."""
