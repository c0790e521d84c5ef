"""Who may use the bot, and what they may change: pure decisions, and what asks stores and platforms for their facts."""
