"""Makes an organization with an administrator, and prints a token of his that does not run out.

The database has its tables already. An organization's API key would not do: it may not manage webhooks.
"""

from datetime import timedelta

import django

django.setup()

from common.models import Org, Profile, User
from common.serializer import OrgAwareRefreshToken

user = User.objects.create_superuser("admin@example.com", "loopback-only")
org = Org.objects.create(name="Example")
profile = Profile.objects.create(user=user, org=org, role="ADMIN", is_active=True)
token = OrgAwareRefreshToken.for_user_and_org(user, org, profile).access_token
token.set_exp(lifetime=timedelta(days=3650))
print(token)
