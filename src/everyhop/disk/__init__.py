"""The file system, entered with care: what is written is whole, private and where it was meant to be."""
