"""The crash harness: real processes are killed at random while people ask, and all that people saw is judged."""
