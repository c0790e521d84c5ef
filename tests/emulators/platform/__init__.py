"""A chat platform as a server of its own, which records what people would see."""
