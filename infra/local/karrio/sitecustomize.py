# Read by Python before anything else. Karrio's documents module fetches a style sheet from the net when it is imported,
# and does not start without: here it gets an empty one.
try:
    import weasyprint
except ImportError:  # another program's Python
    weasyprint = None


if weasyprint:

    class OfflineCss(weasyprint.CSS):
        def __init__(self, *args, **more):
            if str(more.get("url", "")).startswith("http"):
                more = {"string": ""}
            super().__init__(*args, **more)

    weasyprint.CSS = OfflineCss
