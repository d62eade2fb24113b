"""Superset on one machine: what it knows in SQLite, what it has read in files, both in the folder it is started with."""

import os

FOLDER = os.environ["SUPERSET_FOLDER"]
SECRET_KEY = "loopback-only-loopback-only-loopback-only"
SQLALCHEMY_DATABASE_URI = f"sqlite:///{FOLDER}/superset.sqlite"
CACHE_CONFIG = {"CACHE_TYPE": "FileSystemCache", "CACHE_DIR": f"{FOLDER}/cache", "CACHE_DEFAULT_TIMEOUT": 86400}
# What a chart shows is as old as this cache, until somebody warms it up again.
DATA_CACHE_CONFIG = CACHE_CONFIG | {"CACHE_DIR": f"{FOLDER}/data-cache"}
# Redirects to HTTPS. Everything else of its security is as it comes: sessions, CSRF tokens.
TALISMAN_ENABLED = False
RATELIMIT_ENABLED = False


def FLASK_APP_MUTATOR(app):
    """Tokens that were given until a second that stands in a file are revoked: for tests of sessions that end early."""

    def is_revoked(_header, token):
        try:
            with open(f"{FOLDER}/sessions-ended") as file:
                return token["iat"] <= int(file.read() or 0)
        except FileNotFoundError:
            return False

    app.extensions["flask-jwt-extended"].token_in_blocklist_loader(is_revoked)
