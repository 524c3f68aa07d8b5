"""Certificates from public authorities: certbot's `acme` library behind the one-method `Issuer`.

`issuer` is the door. Public authorities certify servers and nothing else: Let's Encrypt's certificates have had no
clientAuth usage since 2026, so what databases and mTLS want for clients comes from the internal authority.
"""
