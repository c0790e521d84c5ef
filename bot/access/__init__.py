"""Who may use the bot, what it may spend, and how fast."""
