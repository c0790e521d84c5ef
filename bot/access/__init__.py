"""Who may use the bot, what they may change and spend, and how fast: decisions, and what asks for their facts."""
