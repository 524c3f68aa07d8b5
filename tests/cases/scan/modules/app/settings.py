DB_HOST = "db.internal"
PASSWORD = "hunter2"


class Config:
    url = "postgresql://app:hunter2@" + DB_HOST + "/app?sslmode=require"  # expect: unverified-chain

    @property
    def secure(self):
        return self.url.replace("require", "verify-full") + "&sslrootcert=/ca.pem"
