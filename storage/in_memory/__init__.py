"""Keep everything in memory: what the ports promise, without a database and gone with the process."""
