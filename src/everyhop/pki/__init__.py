"""Makes certificates: keys, requests that were read and found sane, and an authority that signs them."""
