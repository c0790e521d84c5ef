"""The methods of the Web API that the emulator knows."""
