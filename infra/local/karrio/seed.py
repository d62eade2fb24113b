"""Makes an administrator and a carrier that needs no network, and prints the administrator's API token.

The database has its tables already.
"""

import django

django.setup()

from django.contrib.auth import get_user_model
from karrio.server.user.models import Token
from rest_framework.test import APIClient

# Karrio's carrier for those who have none: it makes labels itself, from its own table of services.
CARRIER = {
    "carrier_name": "generic",
    "carrier_id": "testpost",
    "credentials": {
        "display_name": "Test Post",
        "custom_carrier_name": "testpost",
        "account_country_code": "US",
    },
    "active": True,
    "config": {},
}

user = get_user_model().objects.create_superuser("admin@example.com", "loopback-only")
token = Token.objects.create(user=user, test_mode=True)
client = APIClient(headers={"authorization": f"Token {token.key}"})
answer = client.post("/v1/connections", CARRIER, format="json")
if answer.status_code != 201:
    raise SystemExit(f"no carrier: {answer.status_code} {answer.content.decode()}")
print(token.key)
