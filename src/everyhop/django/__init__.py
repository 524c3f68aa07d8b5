"""What a Django project asks of everyhop: its databases, guarded."""
