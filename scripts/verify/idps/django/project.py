"""A Django project with django-oauth-toolkit, one user, and a page that logs this user in."""
import os
import sys

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="a key for this check alone",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["127.0.0.1"],
    USE_TZ=True,
    LOGIN_URL="/login",
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["IDPS_DATABASE"]}
    },
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "oauth2_provider",
    ],
    MIDDLEWARE=[
        "django.middleware.common.CommonMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    TEMPLATES=[
        {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}
    ],
    OAUTH2_PROVIDER={
        "OIDC_ENABLED": True,
        "OIDC_RSA_PRIVATE_KEY": open(os.environ["IDPS_KEY"]).read(),
        "SCOPES": {"openid": "id", "files:read": "files", "introspection": "ask about tokens"},
        "DEFAULT_SCOPES": ["files:read"],
        "ALLOWED_REDIRECT_URI_SCHEMES": ["http", "https"],
        "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    },
)
django.setup()

from django.contrib.auth import get_user_model, login  # noqa: E402
from django.core.management import call_command, execute_from_command_line  # noqa: E402
from django.http import HttpResponseRedirect  # noqa: E402
from django.urls import include, path  # noqa: E402
from oauth2_provider.models import get_application_model  # noqa: E402
from oauth2_provider.urls import metadata_urlpatterns  # noqa: E402


def log_in(request):
    """Stands in for a login page."""
    user = get_user_model().objects.get(username="alice")
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return HttpResponseRedirect(request.GET["next"])


urlpatterns = [
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("login", log_in),
    path("", include((metadata_urlpatterns, "oauth2_metadata"))),
]


def seed():
    call_command("migrate", verbosity=0)
    alice = get_user_model().objects.create_user("alice")
    for client, grant in [
        ("web", "authorization-code"),
        ("m2m", "client-credentials"),
        ("portcullis", "client-credentials"),
    ]:
        get_application_model().objects.create(
            user=alice,
            client_id=client,
            client_secret=os.environ["IDPS_SECRET"],
            client_type="confidential",
            authorization_grant_type=grant,
            redirect_uris="http://127.0.0.1:9/callback",
            algorithm="RS256",
            skip_authorization=True,
        )


if __name__ == "__main__":
    if sys.argv[1:] == ["seed"]:
        seed()
    else:
        execute_from_command_line(sys.argv)
