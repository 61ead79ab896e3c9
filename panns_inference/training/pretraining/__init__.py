"""Pretraining by a recipe, as PANNs learnt AudioSet.

recipe.toml --tables--> clips, network, sampler --run--> checkpoint.pth, best.pth
"""
