"""BottleCRM's application, with webhooks let out to loopback, which it rightly refuses to send to otherwise."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

import webhooks.ssrf


class AnyPort:
    def __contains__(self, port):
        return True


refused = webhooks.ssrf.is_blocked
webhooks.ssrf.is_blocked = lambda address: not address.is_loopback and refused(address)
webhooks.ssrf._allowed_schemes = lambda: ("https", "http")
webhooks.ssrf._allowed_ports = AnyPort
