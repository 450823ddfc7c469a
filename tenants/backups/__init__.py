"""Backups that are proved and restores that are all or nothing (commands.md, decision 16; docs/backup.md)."""
