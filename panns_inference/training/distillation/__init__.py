"""Distillation: a network learns from the opinion of another one, by mixtures of recordings.

recordings --augment--> clips of known times --teacher, kept by replay--> labelled batches --> loss
"""
