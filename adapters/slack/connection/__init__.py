"""Receive Slack's events over Socket Mode or signed HTTP; acknowledge them once they are stored."""
