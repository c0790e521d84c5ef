"""The Slack emulator, driven by Slack's own SDKs."""
