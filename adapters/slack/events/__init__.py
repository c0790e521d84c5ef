"""Handle what people do on Slack: messages, commands, buttons, forms, the home tab."""
