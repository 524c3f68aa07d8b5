import os

PASSWORD = "k3Ejh8-Zq"
ANYTHING = os.environ["ANYTHING"]
TLS = "?sslmode=verify-full&sslrootcert=/ca.pem"
