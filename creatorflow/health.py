"""python -m creatorflow.health: 0 if the web server of this machine answers (containers ask)."""

import http.client
import os
import sys
from urllib.parse import urlsplit

PATH = "/accounts/login/"


def main() -> int:
    """Ask for the sign-in page as the proxy would; any answer but a server error will do."""
    public = urlsplit(os.environ.get("PUBLIC_URL", "http://127.0.0.1:8000"))
    headers = {"Host": public.netloc, "X-Forwarded-Proto": public.scheme}
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT", "8000")), 5)
    try:
        connection.request("GET", PATH, headers=headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        print(f"no answer: {error}", file=sys.stderr)
        return 1
    finally:
        connection.close()
    print(status)
    return 0 if status < 500 else 1


if __name__ == "__main__":
    sys.exit(main())
