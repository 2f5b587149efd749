#!/usr/bin/env python
"""Django's command line; without a DATABASE_URL it uses the embedded database that `./dev` starts."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creatorflow.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
