"""The reference's networks in figures: what they are, what they give, weights by formula."""
