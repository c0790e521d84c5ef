"""Handle what people do on Discord: messages, commands, buttons, forms."""
