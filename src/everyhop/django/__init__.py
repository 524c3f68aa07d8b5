"""What a Django project asks of everyhop: its databases, guarded.

`ENGINE = "everyhop.django.postgresql"` (or `mysql`) is Django's own backend with a guard before it; the application
`everyhop.django` in `INSTALLED_APPS` adds a system check. Settings are the `EVERYHOP_…` keys.
"""
