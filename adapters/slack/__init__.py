"""Connect Slack: its events, its messages and its exports."""
