"""A tenant's rows as records: what they hold, how they are read and written."""
