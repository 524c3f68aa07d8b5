"""How each product spells a posture: one table per product, read in one direction and written in the other."""
