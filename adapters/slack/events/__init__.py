"""What people do in Slack, handed to the bot: messages, commands, buttons, forms, the home tab."""
