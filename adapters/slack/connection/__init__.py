"""How Slack's deliveries reach the bot: Socket Mode, or HTTP with signatures; acknowledged once they are stored."""
