"""What all chat platforms share: rate limits, caches, background work, downloads."""
