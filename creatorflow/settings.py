# Longer than a page: one file holds every setting, so that nobody looks for a second one.
"""All settings, read once from the environment. docs/configuration.md and .env.example describe every variable."""

import os
import sys
from pathlib import Path

from django.utils.csp import CSP

from core import file_stores, logs, vault
from creatorflow.env import BadSetting, Env, is_private_enough, load_file

BASE_DIR = Path(__file__).resolve().parent.parent
load_file(Path(os.environ.get("CREATORFLOW_ENV_FILE", BASE_DIR / ".env")))
env = Env()

# -- Ground ------------------------------------------------------------------------------------------------------------
DEBUG = env.flag("DEBUG")
# Only a development start may do without secrets of its own.
SECRET_KEY = env.secret("SECRET_KEY", "development-only-" + "0" * 48 if DEBUG else None)
VAULT_KEYS = env.secret("VAULT_KEYS", "dev:" + "A" * 43 + "=" if DEBUG else None)
PUBLIC_URL = env.url("PUBLIC_URL", "http://127.0.0.1:8000")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
DATA_DIR = Path(env.text("CREATORFLOW_DATA", str(BASE_DIR / ".data")))
FILE_STORE = env.text("FILE_STORE", str(DATA_DIR / "files"))  # a folder, or s3://bucket/prefix
S3_REGION = env.text("S3_REGION", "us-east-1")
S3_ENDPOINT = env.url("S3_ENDPOINT", f"https://s3.{S3_REGION}.amazonaws.com")
S3_ACCESS_KEY = env.text("S3_ACCESS_KEY", "")
S3_SECRET_KEY = env.secret("S3_SECRET_KEY", "")
try:
    vault.check(VAULT_KEYS)
    file_stores.check(FILE_STORE, key=bool(S3_ACCESS_KEY and S3_SECRET_KEY))
except (vault.VaultError, ValueError) as error:
    raise BadSetting(f"{error}. See .env.example for what it is.") from None
REHEARSAL = env.flag("REHEARSAL")  # third parties are simulated: every page says so

ROOT_URLCONF = "creatorflow.urls"
WSGI_APPLICATION = "creatorflow.wsgi.application"
AUTH_USER_MODEL = "core.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "core",
    "shops",
    "shops.catalog",
    "shops.policy",
    "orders",
    "shipping",
    "dashboard",
    "django_q",  # after core, whose qcluster command is to be found first
]

MIDDLEWARE = [
    "core.requests.identified",
    "creatorflow.probes.answered",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "core.headers.Headers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "core.guard.guarded",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "core.shell.shell",
            ],
            "builtins": ["core.templatetags.ui"],
        },
    }
]


# -- Database ----------------------------------------------------------------------------------------------------------
def _database() -> dict[str, object]:
    from creatorflow import embedded_postgres

    database = env.database("DATABASE_URL", embedded_postgres.url(DATA_DIR / "postgres"))
    # The queue's workers fork, so a shared pool would mix up their sockets: plain kept-open connections everywhere.
    return database | {
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"prepare_threshold": 1, **dict(database["OPTIONS"])},  # type: ignore[call-overload]
    }


DATABASES = {"default": _database()}

# -- The queues only wake work: rows say what is due, so a task is delivered once and never retried by the broker ------
# core/queues.py has their names; WORKERS processes each.
Q_CLUSTER = {
    "name": "creatorflow",
    "orm": "default",
    "workers": env.integer("WORKERS", 2, least=1, most=64),
    "queue_limit": env.integer("WORKERS", 2, least=1, most=64),
    "bulk": 1,
    "timeout": 900,
    "retry": 1200,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": -1,
    "poll": 0.2,
    "catch_up": False,
    "max_rss": 600_000,
    "recycle": 500,
}

# -- Sign-in -----------------------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
# scrypt costs a guesser memory as well as time; older hashes are made anew at the next sign-in.
PASSWORD_HASHERS = [
    f"django.contrib.auth.hashers.{name}PasswordHasher" for name in ("Scrypt", "PBKDF2")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "core:home"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_ADAPTER = "core.signup.Adapter"
ACCOUNT_EMAIL_NOTIFICATIONS = True  # whoever's password or second step changes is told by mail
MFA_ADAPTER = "core.second_step.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1  # a clock that is half a minute off
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 3
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 180
# Tries are counted in the database: a limit per process would be one for each worker.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key", "reset_password": "10/m/ip,3/m/key"}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "core_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
# Who may make an account. Nobody's installation is open to strangers unless it says so.
SIGNUP = env.choice("SIGNUP", ("open", "invited"), "open" if DEBUG else "invited")
# Proxies in front of this server: so many entries from the end of X-Forwarded-For the visitor is found.
TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", 0, most=10)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

# -- E-mail ------------------------------------------------------------------------------------------------------------
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "CreatorFlow <creatorflow@localhost>")
_smtp = env.text("SMTP_HOST", "")
MAILERS = {
    "default": (
        {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {
                "host": _smtp,
                "port": env.integer("SMTP_PORT", 587),
                "username": env.text("SMTP_USER", ""),
                "password": env.secret("SMTP_PASSWORD", ""),
                "use_tls": env.flag("SMTP_TLS", True),
                "timeout": 10,
            },
        }
        if _smtp
        else {"BACKEND": "django.core.mail.backends.console.EmailBackend"}
    )
}

# -- Third parties: every address is a setting, so the sandbox can stand in --------------------------------------------
TIKTOK_SHOP_ENVIRONMENT = env.choice(
    "TIKTOK_SHOP_ENVIRONMENT", ("sandbox", "production"), "production"
)
TIKTOK_SHOP_APP_KEY = env.text("TIKTOK_SHOP_APP_KEY", "")
TIKTOK_SHOP_APP_SECRET = env.secret("TIKTOK_SHOP_APP_SECRET", "")
TIKTOK_SHOP_SERVICE_ID = env.text("TIKTOK_SHOP_SERVICE_ID", "")
TIKTOK_SHOP_API_VERSION = env.text("TIKTOK_SHOP_API_VERSION", "202309")
TIKTOK_SHOP_URL = env.url("TIKTOK_SHOP_URL", "https://open-api.tiktokglobalshop.com")
TIKTOK_SHOP_AUTH_URL = env.url("TIKTOK_SHOP_AUTH_URL", "https://auth.tiktok-shops.com")
TIKTOK_SHOP_AUTHORIZE_URL = env.url("TIKTOK_SHOP_AUTHORIZE_URL", "https://services.tiktokshop.com")
TIKTOK_SHOP_AUTHORIZE_URL_US = env.url(
    "TIKTOK_SHOP_AUTHORIZE_URL_US", "https://services.us.tiktokshop.com"
)
TIKTOK_SHOP_RATE_PER_SECOND = env.integer("TIKTOK_SHOP_RATE_PER_SECOND", 10, least=1, most=1000)
SHIPPO_BASE_URL = env.url("SHIPPO_BASE_URL", "https://api.goshippo.com")
SHIPPO_API_KEY = env.secret("SHIPPO_API_KEY", "")
EASYPOST_BASE_URL = env.url("EASYPOST_BASE_URL", "https://api.easypost.com/v2")
EASYPOST_API_KEY = env.secret("EASYPOST_API_KEY", "")
SHIPPO_RATE_PER_SECOND = env.integer("SHIPPO_RATE_PER_SECOND", 8, least=1, most=10_000)
EASYPOST_RATE_PER_SECOND = env.integer("EASYPOST_RATE_PER_SECOND", 100, least=1, most=10_000)
# Who is preferred where prices are alike, and named first where another one is not answering.
PROVIDER_ORDER = env.words("PROVIDER_ORDER", "shippo,easypost,tiktok")
SHIPPING_WEBHOOK_SECRET = env.secret("SHIPPING_WEBHOOK_SECRET", "")
SHIPPO_WEBHOOK_SECRET = env.secret("SHIPPO_WEBHOOK_SECRET", "")

# -- Printing: a service that takes files over docs/printing.md; empty: browsers print --------------------------------
PRINT_SERVICE_URL = env.text("PRINT_SERVICE_URL", "")
PRINT_SERVICE_TOKEN = env.secret("PRINT_SERVICE_TOKEN", "")
if PRINT_SERVICE_URL and not is_private_enough(PRINT_SERVICE_URL):
    raise BadSetting("PRINT_SERVICE_URL has to be an https address (http only on this machine).")

# -- Buying ------------------------------------------------------------------------------------------------------------
PURCHASES_PER_ACCOUNT = env.integer("PURCHASES_PER_ACCOUNT", 10, least=1, most=100)
QUOTE_SECONDS = env.integer("QUOTE_SECONDS", 12, least=1, most=60)  # one deadline for all accounts
RECHECK_SECONDS = env.integer(
    "RECHECK_SECONDS", 15, least=1, most=300
)  # age of TikTok's word when money moves
BATCH_LIMIT = env.integer("BATCH_LIMIT", 1000, least=1, most=10_000)
# Where money is real, a lost purchase may still arrive for minutes: that is not ours to shorten.
PATIENCE = env.share("PATIENCE")
if PATIENCE < 1 and not REHEARSAL:
    raise BadSetting("PATIENCE below 1 is for rehearsals only: set REHEARSAL as well, or neither.")

# -- Words, time, files ------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
USE_TZ = True
TIME_ZONE = "UTC"
USE_THOUSAND_SEPARATOR = (
    False  # templates write numbers with |number; an id in an attribute stays digits
)
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / ".static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# A start for development, rehearsal or tests serves the files where they lie, without a collectstatic before it.
_UNCOLLECTED = DEBUG or REHEARSAL or "pytest" in sys.modules
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if _UNCOLLECTED
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
WHITENOISE_USE_FINDERS = _UNCOLLECTED
# Every part of a posted body has an end; the whole of it has one in core.guard.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 12_000  # 10,000 ticked orders are an answer, not an error
DATA_UPLOAD_MAX_NUMBER_FILES = 1
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
FILE_UPLOAD_PERMISSIONS = 0o600

# -- Security ----------------------------------------------------------------------------------------------------------
_https = PUBLIC_URL.startswith("https://")
SECURE_SSL_REDIRECT = _https and env.flag("SECURE_SSL_REDIRECT", True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _https
SECURE_HSTS_PRELOAD = _https
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
# The prefix makes a browser refuse a cookie set by a neighbouring host or over plain HTTP.
SESSION_COOKIE_NAME = "__Host-session" if _https else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if _https else "csrf"
SESSION_COOKIE_AGE = env.integer("SESSION_DAYS", 14, least=1, most=90) * 86_400
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"  # the way back from TikTok's page is a top-level GET
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "core.pages.stale_form"
SECURE_REFERRER_POLICY = "same-origin"
_authorize = [TIKTOK_SHOP_AUTHORIZE_URL, TIKTOK_SHOP_AUTHORIZE_URL_US]
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "frame-src": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
    # A browser holds the redirect after "Connect a shop" against this list, too.
    "form-action": [CSP.SELF, *_authorize],
}

# -- Watching it -------------------------------------------------------------------------------------------------------
METRICS_TOKEN = env.secret("METRICS_TOKEN", "")  # empty: /metrics answers this machine only
WEBHOOK_KEEP_DAYS = env.integer("WEBHOOK_KEEP_DAYS", 30, least=1, most=400)
JOURNAL_KEEP_DAYS = env.integer("JOURNAL_KEEP_DAYS", 14, least=1, most=400)
BUYER_DATA_DAYS = env.integer("BUYER_DATA_DAYS", 180, most=3650)  # 0: kept for good
LOGGING = logs.configuration(
    env.choice("LOG_FORMAT", ("line", "json"), "line"),
    level=env.text("LOG_LEVEL", "INFO"),
    secrets=env.secrets,
)
