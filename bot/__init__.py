"""The core: pure decisions and the conversation manager; knows no platform, no database, no HTTP."""
