"""The recipe of PannsMini: what it hears, who teaches it, and how good it gets."""
