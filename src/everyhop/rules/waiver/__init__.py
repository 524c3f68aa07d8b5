"""Rules about exceptions that people made."""
