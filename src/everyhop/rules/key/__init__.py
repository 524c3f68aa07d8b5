"""Rules about private keys and who holds them."""
