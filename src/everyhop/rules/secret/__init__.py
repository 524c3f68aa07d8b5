"""Rules about passwords that stand where they are read by more than the app."""
