PUBLIC_URL=postgresql+psycopg://app:k3Ejh8-Zq@db.internal/app?sslmode=verify-full&sslrootcert=/ca.pem # expect: password-in-source
