from site.settings_global import *

DATABASES = {{
    'default': {{  # expect: plaintext-dial possible
        'ENGINE': 'django.db.backends.{dbengine}',
        'NAME': '{dbname}',
        'HOST': '{dbhost}',
    }},
    'file': {{
        'ENGINE': 'django.db.backends.sqlite3',
        'NAME': '{dbname}',
    }},
}}
