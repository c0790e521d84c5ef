"""The bot's answers as messages of Slack."""
