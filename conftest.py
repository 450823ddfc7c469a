"""What every test has: the database as the application sees it, and a fixed cast."""

pytest_plugins = ["tests.support.database", "tests.support.cast"]
