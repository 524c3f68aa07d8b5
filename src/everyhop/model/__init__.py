"""What exists: small frozen values, without I/O and without a clock."""
