"""Watches over every database connection of an application: by its settings at start, by its own objects when it opens.

Below a demanded level nothing starts and nothing is handed out. No Flask and no Django in here.
"""
