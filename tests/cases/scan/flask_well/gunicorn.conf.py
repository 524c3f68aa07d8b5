bind = "unix:/run/app.sock"
forwarded_allow_ips = "*"
