"""The Discord emulator, met by a real discord.py client."""
