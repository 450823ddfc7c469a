"""How reports look: sections of figures, charts and tables, and the formats that they are given out in."""
