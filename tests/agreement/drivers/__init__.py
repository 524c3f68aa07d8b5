"""The real drivers, one file each: how it connects, and the spellings that are tried with it."""
