"""Superset on one machine: what it knows in SQLite, what it has read in files, both in the folder it is started with."""

import os

FOLDER = os.environ["SUPERSET_FOLDER"]
SECRET_KEY = "loopback-only-loopback-only-loopback-only"
SQLALCHEMY_DATABASE_URI = f"sqlite:///{FOLDER}/superset.sqlite"
CACHE_CONFIG = {"CACHE_TYPE": "FileSystemCache", "CACHE_DIR": f"{FOLDER}/cache", "CACHE_DEFAULT_TIMEOUT": 86400}
# What a chart shows is as old as this cache, until somebody warms it up again.
DATA_CACHE_CONFIG = CACHE_CONFIG | {"CACHE_DIR": f"{FOLDER}/data-cache"}
# Called by programs over loopback, not by browsers.
WTF_CSRF_ENABLED = False
TALISMAN_ENABLED = False
RATELIMIT_ENABLED = False
