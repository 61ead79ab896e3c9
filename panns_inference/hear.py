"""The networks behind the interface of HEAR 2021 (Holistic Evaluation of Audio Representations).

    model = load_model()                                    any network with an embedding
    get_scene_embeddings(audio, model)                      one vector a recording
    get_timestamp_embeddings(audio, model)                  one each 50 ms, and their times

`audio` is (recordings, samples), float32 in [-1, 1] at `model.sample_rate`.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from .arguments import is_weights
from .checkpoints import identify
from .errors import AudioError
from .inference import AudioTagging
from .pipeline import EmbeddingTask
from .pipeline.sliding import Placement, Stretches

HOP = 0.05
"""Seconds from a timestamp to the next, as HEAR suggests."""

WINDOW = 1.0
"""Seconds around a timestamp that its embedding is of; at the ends they lie in the recording."""

SECONDS_AT_ONCE = 30.0
"""Seconds of recordings in a batch."""


class HearModel(nn.Module):
    """A network with the attributes that HEAR needs.

    Args:
        tagger: the network, its weights loaded.

    Attributes:
        sample_rate: of the audio, in Hz.
        scene_embedding_size: length of the vector of a recording.
        timestamp_embedding_size: length of the vector of a timestamp.
    """

    def __init__(self, tagger: AudioTagging) -> None:
        super().__init__()
        self.network = tagger.network
        self._tagger = tagger
        self.sample_rate = tagger.sample_rate
        self.scene_embedding_size = int(self.network.embedding_size)
        self.timestamp_embedding_size = self.scene_embedding_size

    def forward(self, audio: Tensor) -> Tensor:
        """Return embeddings, (recordings, size) float32, on the device of the network.

        Args:
            audio: (recordings, samples).

        Raises:
            AudioError: for another shape, and for no samples.
        """
        if audio.ndim != 2:
            raise AudioError(f"audio must be (recordings, samples), not {tuple(audio.shape)}")
        # HEAR moves the module to another device after it was made.
        device = next(self.network.parameters()).device
        self._tagger.device = str(device)
        at_once = max(1, int(SECONDS_AT_ONCE * self.sample_rate) // max(1, audio.shape[1]))
        batches = torch.split(audio, at_once)
        vectors = [self._tagger.inference(batch)[1] for batch in batches]
        return torch.from_numpy(np.concatenate(vectors)).to(device)


def load_model(model_file_path: str = "") -> HearModel:
    """Return a network with its weights.

    Args:
        model_file_path: file of weights, or the name of a network; '' is the network in the box.

    Raises:
        CheckpointError: if the file fits no network.
        UsageError: if the network has no embedding.
    """
    if not model_file_path or not is_weights(model_file_path):
        tagger = AudioTagging(model_file_path or "PannsMini", device="cpu")
    else:
        name = identify(model_file_path, "embedding")
        tagger = AudioTagging(name, model_file_path, device="cpu")
    EmbeddingTask(tagger)  # it raises an error for a network without embedding
    return HearModel(tagger)


def get_scene_embeddings(audio: Tensor, model: HearModel) -> Tensor:
    """Return a vector for each recording, (recordings, size) float32.

    Args:
        audio: (recordings, samples).
        model: from `load_model`.
    """
    embeddings: Tensor = model(audio)
    return embeddings


def get_timestamp_embeddings(audio: Tensor, model: HearModel) -> tuple[Tensor, Tensor]:
    """Return vectors along each recording, and the times that they are about.

    Args:
        audio: (recordings, samples).
        model: from `load_model`.

    Returns:
        Embeddings (recordings, timestamps, size) and times in ms (recordings, timestamps), both
        float32.
    """
    length, hop = round(WINDOW * model.sample_rate), round(HOP * model.sample_rate)
    found = []
    for waveform in audio.detach().float().cpu().numpy():
        cutter = Stretches(length, hop, Placement.CENTRED, round(SECONDS_AT_ONCE / WINDOW))
        batches = [*cutter.feed(waveform), *cutter.finish()]
        found.append(torch.cat([model(torch.from_numpy(batch.waveforms)) for batch in batches]))
    # The middle of an incomplete hop at the end may lie behind it.
    n_inside = max(1, (audio.shape[1] + hop - hop // 2) // hop)
    embeddings = torch.stack(found)[:, :n_inside]
    middles = (torch.arange(embeddings.shape[1]) * hop + hop / 2) / model.sample_rate * 1000
    return embeddings, middles.to(embeddings).expand(len(embeddings), -1)
