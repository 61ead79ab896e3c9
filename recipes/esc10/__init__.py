"""ESC-10 in all modes of transfer, with LeeNet11 and the small network."""
