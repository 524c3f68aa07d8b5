"""The story: an exposed application found, closed and proven, on real servers."""
