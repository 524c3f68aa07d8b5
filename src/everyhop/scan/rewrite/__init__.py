"""What would end a finding, in the driver's own words, and texts with one value replaced. No files are touched."""
