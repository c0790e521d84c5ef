"""The Seed emulator, held to the API reference, to the official clients and to OpenAI's specification."""
