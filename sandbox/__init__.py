"""Every third party CreatorFlow talks to, simulated in one process; shares no code with it."""
