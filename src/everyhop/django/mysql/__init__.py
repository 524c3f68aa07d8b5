"""Django's MySQL and MariaDB backend under guard."""
