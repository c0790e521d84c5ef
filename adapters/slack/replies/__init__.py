"""Show answers as messages of Slack."""
