"""What is right: one file, one rule, judging readings and nothing else."""
