"""Listen to the gateway, and read its events into the form that REST uses."""
