"""Certificates from public authorities: certbot's `acme` library behind the one-method `Issuer`."""
