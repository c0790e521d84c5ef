"""Run turns, from what an adapter delivers to the answer that is shown and settled."""
