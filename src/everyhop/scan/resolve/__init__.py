"""What an expression is worth without running it: a value, a value with holes, or unknown; never a guess."""
