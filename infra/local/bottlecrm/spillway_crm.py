"""BottleCRM's settings and server for one machine: deliveries within the request, webhooks to loopback allowed."""

from crm.settings import *  # noqa: F403

# A broker of its own would be a server more: deliveries are made where they are queued.
CELERY_TASK_ALWAYS_EAGER = True
CELERY_BROKER_URL = "memory://"
CELERY_RESULT_BACKEND = "cache+memory://"
SECURE_SSL_REDIRECT = False
