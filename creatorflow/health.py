"""python -m creatorflow.health [PATH]: 0 if the web server of this machine says so (containers ask).

/healthz, which is asked unless told otherwise, is whether it answers; /readyz is whether it can work.
"""

import http.client
import os
import sys


def main(arguments: list[str]) -> int:
    """Ask past the proxy: both answer before hosts and schemes are looked at. What is wrong is printed."""
    path = arguments[0] if arguments else "/healthz"
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT", "8000")), 5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        words = answer.read(2000).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as error:
        print(f"no answer: {error}", file=sys.stderr)
        return 1
    finally:
        connection.close()
    print(f"{answer.status} {words}")
    return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
