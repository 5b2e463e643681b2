"""Rows of Peewee for LumiX."""
