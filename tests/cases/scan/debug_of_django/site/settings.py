DEBUG = True  # expect: debug-in-production possible
INSTALLED_APPS = []
