"""Rules about the two sides of a hop."""
