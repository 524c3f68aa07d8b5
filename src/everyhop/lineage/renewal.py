"""When renewing is right: a pure function of dates, the issuer's advice and a seed."""
