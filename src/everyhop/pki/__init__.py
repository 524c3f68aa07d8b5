"""Makes certificates: keys, requests that were read and found sane, an authority that signs, and what it revoked.

Computes only: `lineage.authority` keeps an authority on a disk.
"""
