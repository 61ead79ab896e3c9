"""A network with its weights, its labels and the engine that computes it: ready to use."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from .arguments import NetworkSettings, labels_of, unknown_argument
from .audioset import labels as audioset_labels
from .audioset import with_mids
from .engine import Engine
from .engine.choice import engine_for
from .engine.onnx import OnnxEngine
from .errors import UsageError
from .registry import DEFAULT_THRESHOLD, NETWORKS
from .wording import argument

if TYPE_CHECKING:
    import torch
    from torch import nn
    from typing_extensions import Unpack

    from .checkpoints.pretrained import Pretrained, Wanted
    from .engine.torch_engine import TorchEngine


CLIPS, FRAMES = "clipwise_output", "framewise_output"
"""What the classes need of a network."""

FILES = ".onnx"
"""What names of files end in that hold a whole network."""


class Model:
    """A network with its weights and labels; `AudioTagging` and `SoundEventDetection` are two.

    Args:
        model: name of a network (case, '-' and '_' do not matter), or any `nn.Module` whose
            `forward(waveforms, None)` returns a dict with the outputs of those networks, or a file
            of weights, which says what it is for or fits it, or a file `.onnx` that `panns export`
            wrote, which runs in ONNX Runtime without torch. None is the network that the class is
            named for, or the one that `checkpoint_path` says it is for.
        checkpoint_path: file of weights; None or '' is the published one, taken from the cache
            folder, or downloaded into it.
        device: 'cuda', 'cpu', 'cuda:1', 'mps', ...; the CPU takes the place of what is not there.
        labels: display names of the classes, as many as the network has; None is those that its
            file holds, AudioSet's 527, or 'class 0' and so on.
        classes_num: number of classes; None is that of `labels`, or of the file of weights. The
            published weights of a network are for 527: for another number it gets a new last
            layer, to be trained further.
        pretrained: False loads nothing: a network given by name keeps random weights, a module
            its own. 'trunk' loads all but the last layers. None is False for a module with labels
            or `classes_num`, 'trunk' for a name with another `classes_num`, and True otherwise.
        cache_folder: where published weights are looked for and downloaded to; None is what
            `PANNS_HOME` says, else `~/panns_data`, else the platform's cache folder.
        verbose: whether the path of the checkpoint and the device are printed, as by
            panns-inference 0.1; None prints them unless the model was chosen by its name.
        precision: what the convolutions compute in: 'float32'; 'bf16' on a GPU or a CPU that has
            instructions for it; 'fp16' on a GPU. The front-end computes in float32 at least.
        memory: 'default', or 'small', which keeps a single copy of the weights on the CPU.
        threads: cores that torch uses in this process; None leaves them as they are.
        settings: further arguments of `models.build`, for a network given by name.

    Attributes:
        model: the network, an `nn.Module`; on 'cuda' inside `DataParallel`; None for a file of
            ONNX.
        name: name of the network.
        labels: display names, in the order of the network's outputs.
        classes_num: number of labels.
        thresholds: one for each class, as the file of the weights says; else none.
        method: by which `detect` finds events, as the file says; else ''.
        device: where waveforms are moved to before they meet the network.
        checkpoint: file of the weights; None if nothing was loaded.

    Raises:
        UsageError: for an unknown name, device or setting, or arguments that exclude each other.
        CheckpointError: if the file holds no weights, or they do not fit the network.
        DownloadError: if the weights are not there and cannot be fetched.
    """

    default: ClassVar[str]
    """The network that the class is named for."""

    def __init__(
        self,
        model: nn.Module | str | os.PathLike[str] | None = None,
        checkpoint_path: str | os.PathLike[str] | None = None,
        device: str | torch.device = "cuda",
        *,
        labels: Sequence[str] | None = None,
        classes_num: int | None = None,
        pretrained: Pretrained | None = None,
        cache_folder: str | os.PathLike[str] | None = None,
        verbose: bool | None = None,
        precision: str = "float32",
        memory: str = "default",
        threads: int | None = None,
        **settings: Unpack[NetworkSettings],
    ) -> None:
        if unknown := settings.keys() - NetworkSettings.__annotations__:
            methods = (getattr(self, name, type(self)) for name in ("tag", "detect"))
            raise unknown_argument(sorted(unknown), type(self), *methods)
        labels = labels_of(labels)
        if threads is not None and threads < 1:
            raise UsageError(f"threads={threads} is no number of cores: give 1 or more")
        self._engine: TorchEngine | OnnxEngine | None = None
        self.model: Any
        self._computing: dict[str, Any] = {
            "precision": precision,
            "memory": memory,
            "threads": threads,
        }
        if isinstance(model, (str, os.PathLike)) and os.fspath(model).endswith(FILES):
            chosen: dict[str, Any] = {"pretrained": pretrained not in (None, True)}
            chosen |= {"checkpoint_path": checkpoint_path, "classes_num": classes_num, **settings}
            lines = self._open(model, labels, [name for name, value in chosen.items() if value])
        else:
            from .checkpoints.pretrained import Wanted

            wanted = Wanted(
                model,
                checkpoint_path,
                labels,
                classes_num,
                pretrained,
                settings,
                default=self.default,
                output=FRAMES if FRAMES in NETWORKS[self.default].output_names else CLIPS,
                folder=cache_folder,
            )
            lines = self._load(wanted, device)
        self.classes_num = len(self.labels)
        self.engine  # noqa: B018 what it cannot do is an error at once
        if not isinstance(model, str) if verbose is None else verbose:
            sys.stdout.writelines(lines)

    def _load(self, wanted: Wanted, device: str | torch.device) -> list[str]:
        """Take a module, or build one, and load weights; what panns-inference 0.1 printed of it."""
        import torch

        from .checkpoints.pretrained import ready
        from .device import placed, resolve

        self.device = resolve(device)
        made = ready(wanted)
        self.name, self.labels = made.name, made.labels
        self.thresholds, self.method = made.thresholds, made.method
        self.checkpoint = made.checkpoint
        lines = [f"Checkpoint path: {made.checkpoint}\n"] if made.checkpoint else []
        lines.append("Using CPU.\n" if self.device == "cpu" else f"Using {self.device}.\n")
        if self.device == "cuda":
            lines[-1] = f"GPU number: {torch.cuda.device_count()}\n"
        self.model = placed(made.network, self.device)
        return lines

    def _open(
        self, path: str | os.PathLike[str], labels: Sequence[str] | None, chosen: list[str]
    ) -> list[str]:
        """Take a network from a file that holds all of it; what was chosen besides has no place."""
        computing = self._computing
        self._engine = engine = OnnxEngine(path, computing["threads"], computing["memory"])
        if computing["precision"] not in ("float32", engine.metadata.precision):
            chosen += [f"{argument('precision')} (it is in {engine.metadata.precision})"]
        if chosen:
            raise UsageError(f"{path} has weights and settings: leave {', '.join(chosen)} out")
        held = with_mids(engine.metadata.labels, engine.metadata.mids)
        self.labels = held if labels is None else [*labels]
        self.thresholds, self.method = engine.metadata.thresholds, engine.metadata.method
        self.name, self.model, self.device, self.checkpoint = engine.name, None, engine.device, None
        return ["Using CPU.\n"]

    def __copy__(self) -> Model:
        # A copy that is not deep shares the network, and so what computes it.
        made = object.__new__(type(self))
        vars(made).update(vars(self))
        return made

    def __getstate__(self) -> dict[str, Any]:
        """The network, on the CPU, and its settings; what computes it is made anew on arrival."""
        state = dict(vars(self))
        if self.model is not None:
            state["_engine"] = None
            from .device import on_cpu

            state["model"] = on_cpu(self.network)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Put the network on its device if it is there, else on the CPU.

        Args:
            state: of a model, perhaps on another machine.
        """
        vars(self).update(state)
        if self.model is not None and self.device != "cpu":
            from .device import placed, resolve

            self.device = resolve(self.device)
            self.model = placed(self.model, self.device)

    def __repr__(self) -> str:
        kind = type(self).__name__
        return f"{kind}({self.name}, {self.device}, {self.classes_num} classes)"

    @property
    def network(self) -> Any:
        """The network, on 'cuda' without `DataParallel` around it; None for a file of ONNX."""
        return getattr(self.model, "module", self.model)

    @property
    def engine(self) -> Engine:
        """What computes the network as it is now: made anew if weights or modules were changed."""
        made = self._made()
        if not made.is_current:
            self._engine = None
        return self._made()

    def _made(self) -> Engine:
        """What computes the network, perhaps as it was: enough for what does not change."""
        made = self._engine
        if isinstance(made, OnnxEngine):
            return made
        if made is None or not made.is_of(self.model, self.device):
            made = engine_for(self.device)(self.model, self.device, **self._computing)
            self._engine = made
        return made

    @property
    def output_names(self) -> tuple[str, ...] | None:
        """Names of the network's outputs; None for a module that does not name them."""
        return self._made().output_names

    @property
    def sample_rate(self) -> int:
        """Rate of the network's waveforms in Hz: 32,000 for a module that does not state it."""
        return self._made().sample_rate

    @property
    def window(self) -> int | None:
        """Samples that the network is given at once, if its outputs depend on all of a clip."""
        return self._made().window

    @property
    def min_clip(self) -> float:
        """Seconds to which `tag` and `embed` pad a shorter clip: what is known of the network.

        0 for networks of which nothing is known, and for other classes than AudioSet's.
        """
        known = NETWORKS.get(self.name) if self.labels == audioset_labels else None
        return known.min_clip if known else 0.0

    @property
    def threshold(self) -> float | tuple[float, ...]:
        """Probability from which on `detect` finds an event: what is known of the network.

        One for each class if its file says so; 0.5 for networks of which nothing is known, and for
        other classes than AudioSet's.
        """
        known = NETWORKS.get(self.name) if self.labels == audioset_labels else None
        return self.thresholds or (known.threshold if known else DEFAULT_THRESHOLD)

    @property
    def frames_per_second(self) -> float:
        """Frames in a second of `framewise` probabilities."""
        made = self._made()
        return made.sample_rate / made.hop_size

    def lacks(self, output: str) -> UsageError:
        """Return the error for a network that does not give an output.

        Args:
            output: name of the output.
        """
        able = [name for name, network in NETWORKS.items() if output in network.output_names]
        return UsageError(f"{self.name} has no {output}; these have one: {', '.join(able)}")
