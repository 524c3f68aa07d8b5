resource "app" "web" {
  // url = "postgresql://app:secret@comment.internal/app"
  database_url = "postgresql://${var.user}:${random_password.db.result}@${aws_db_instance.db.address}:5432/app" # expect: opportunistic-dial
  verified_url = "postgresql://app@${var.host}/app?sslmode=verify-full&sslrootcert=/ca.pem"
}
