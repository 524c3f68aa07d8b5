"""The Flask extension: HTTPS for the browser, a guard on every database connection."""
