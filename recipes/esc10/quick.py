"""The quick way on ESC-10: logistic regression on embeddings, as `panns transfer` learns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from panns_inference.models import Network
from panns_inference.training.batches import Clips
from panns_inference.training.heads.examples import Examples
from panns_inference.training.heads.network import last_values
from panns_inference.training.modes import CrossValidation, Features, OnFeatures, divisions
from panns_inference.training.new_classes import activation_for


def quick(clips: Clips, network: Network, folder: Path) -> CrossValidation:
    """Return what heads find in each fold, that have learnt from the other ones.

    Args:
        clips: with folds.
        network: with its weights.
        folder: for the features of the network.
    """
    dataset = clips.dataset
    features = Features(clips, network, folder)
    with torch.inference_mode():
        given = torch.from_numpy(features.waveforms(np.arange(len(dataset.clips))))
        embeddings = OnFeatures(network, features.n_samples).eval()(given)["embedding"].numpy()
    activation = activation_for(network, is_single_label=dataset.is_single_label)
    examples = Examples(dataset, last_values(network, embeddings), activation)
    divided = tuple(divisions(dataset))
    found = []
    for division in divided:
        judging = np.isin(np.arange(len(dataset.clips)), division.judging)
        judged = examples.where(~judging).learn().judge(examples.where(judging))
        found.append(judged.probabilities.astype(np.float32))
    return CrossValidation(dataset, divided, tuple(found))
