"""The shapes of answers, made from what `jobs` knows."""
