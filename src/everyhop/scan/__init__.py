"""Looks at files: source and configuration in, readings and gaps out. Nothing of what is read is ever executed."""
