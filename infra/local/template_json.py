"""Prints a template as JSON, with its aliases resolved and its intrinsic functions in their long form.

SAM's own parser reads it, so that tests see what `sam` sees.
"""

import json
import pathlib
import sys

from samcli.yamlhelper import yaml_parse

print(json.dumps(yaml_parse(pathlib.Path(sys.argv[1]).read_text())))
