"""Views of people, workspaces, notifications and the audit trail."""
