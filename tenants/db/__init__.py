"""The database engine `tenants.db`; Django loads its `base` module."""
