"""localstripe on loopback alone, and without its file of what it knows: its own command has no option for either."""

import logging
import sys

from aiohttp import web
from localstripe.resources import store
from localstripe.server import app

store.dump_to_disk = lambda *_: None
logging.basicConfig(level=logging.INFO)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]))
