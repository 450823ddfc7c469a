"""How fast, how small: `python -m benchmarks [NAME …]`; what came out is in README.md."""
