"""The compiled part of the package; everything else is in setup.cfg."""

from pathlib import Path

from setuptools import Extension, setup

NATIVE = Path("panns_inference/engine/cpu/native")

setup(
    ext_modules=[
        Extension(
            "panns_inference.engine.cpu.native.kernels",
            [(NATIVE / "library.c").as_posix()],
            depends=sorted(path.as_posix() for path in NATIVE.glob("*.h")),
            extra_compile_args=["-O3", "-g0", "-std=c11", "-fno-math-errno", "-fvisibility=hidden"],
            optional=True,  # without a compiler, operators of torch compute the same, slower
            py_limited_api=True,  # it knows nothing of Python
        )
    ]
)
