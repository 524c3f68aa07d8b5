"""Changes to a machine, planned as values first: plan → journal → apply → keep, or roll back."""
