"""Made-up conversations in any number, for trying and measuring."""
