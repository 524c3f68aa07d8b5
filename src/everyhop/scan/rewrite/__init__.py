"""What would end a finding, in the driver's own words, and the edits that put it into the files where it belongs."""
