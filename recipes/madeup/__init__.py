"""A made-up AudioSet: twelve classes of sound from formulas, with a long tail."""
