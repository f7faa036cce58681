"""A protoc plugin: the Python code of grpcio-tools and the type stubs of mypy-protobuf, importable as they lie.

protoc writes `from workflowgraph.v1 import types_pb2`, which works only when the output's folder is on `sys.path`. The
files made here are part of a package, so these imports are rewritten to name it, and every folder gets an
`__init__.py`.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from google.protobuf.compiler import plugin_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc

PACKAGE = "workflow_graph_client.gen"
OUTPUTS = ("--python_out", "--grpc_python_out", "--mypy_out", "--mypy_grpc_out")


def main() -> None:
    request = plugin_pb2.CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
    response = plugin_pb2.CodeGeneratorResponse(
        supported_features=plugin_pb2.CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL
    )
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory) / "out"
        out.mkdir()
        generate(request, Path(directory) / "descriptors", out)
        for path in sorted(out.rglob("*.py*")):
            name = path.relative_to(out).as_posix()
            response.file.add(name=name, content=with_package_imports(path.read_text(), name))
        folders = {parent for path in out.rglob("*.py*") for parent in path.relative_to(out).parents}
        for folder in sorted(folders):
            response.file.add(name=(folder / "__init__.py").as_posix(), content='"""Generated code."""\n')
    sys.stdout.buffer.write(response.SerializeToString())


def generate(request: plugin_pb2.CodeGeneratorRequest, descriptors: Path, out: Path) -> None:
    descriptors.write_bytes(FileDescriptorSet(file=request.proto_file).SerializeToString())
    bin_folder = Path(sys.executable).parent
    arguments = [
        "protoc",
        f"--descriptor_set_in={descriptors}",
        f"--plugin=protoc-gen-mypy={bin_folder / 'protoc-gen-mypy'}",
        f"--plugin=protoc-gen-mypy_grpc={bin_folder / 'protoc-gen-mypy_grpc'}",
        *(f"{option}={out}" for option in OUTPUTS),
        *request.file_to_generate,
    ]
    if protoc.main(arguments) != 0:
        sys.exit("protoc failed")


def with_package_imports(source: str, name: str) -> str:
    """Names the package in imports of this API's own modules, and in the stubs' uses of them."""
    source = re.sub(r"^from workflowgraph", f"from {PACKAGE}.workflowgraph", source, flags=re.MULTILINE)
    source = re.sub(r"^import workflowgraph", f"import {PACKAGE}.workflowgraph", source, flags=re.MULTILINE)
    if name.endswith(".pyi"):
        source = re.sub(r"(?<![\w.'\"/])workflowgraph\.v1\.", f"{PACKAGE}.workflowgraph.v1.", source)
    return source


if __name__ == "__main__":
    main()
