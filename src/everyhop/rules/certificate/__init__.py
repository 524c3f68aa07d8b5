"""Rules about the chain that a listener shows."""
