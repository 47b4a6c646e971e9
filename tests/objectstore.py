"""An object store on loopback for tests: moto's S3, with a bucket for each test, and a cache of its own.

`tests/conftest.py` has the fixture `bucket`.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest


class Bucket(NamedTuple):
    """A bucket: `url("runs")` names a place in it."""

    name: str
    port: int
    client: Any

    def url(self, prefix: str = "", scheme: str = "s3", **options: str) -> str:
        query = {"endpoint_override": f"127.0.0.1:{self.port}", "scheme": "http", **options}
        place = f"{self.name}/{prefix}" if prefix else self.name
        return f"{scheme}://{place}?{'&'.join(f'{name}={value}' for name, value in query.items())}"

    def put(self, name: str, content: bytes) -> None:
        self.client.put_object(Bucket=self.name, Key=name, Body=content)

    def put_folder(self, folder: Path, prefix: str) -> None:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.put(f"{prefix}/{path.relative_to(folder).as_posix()}", path.read_bytes())

    def remove(self, name: str) -> None:
        self.client.delete_object(Bucket=self.name, Key=name)

    def names(self, prefix: str = "") -> list[str]:
        """The keys of objects, without those that stand for folders."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
        return sorted(key for key in keys if not key.endswith("/"))

    def get(self, name: str) -> bytes:
        return bytes(self.client.get_object(Bucket=self.name, Key=name)["Body"].read())

    def headers(self, name: str) -> dict[str, str]:
        answer = self.client.head_object(Bucket=self.name, Key=name)
        return {name: answer[name] for name in ("ContentType", "CacheControl") if name in answer}

    def contents(self, prefix: str) -> dict[str, bytes]:
        """The objects below a folder."""
        return {name.removeprefix(f"{prefix}/"): self.get(name) for name in self.names(f"{prefix}/")}


@contextmanager
def serving_s3() -> Iterator[tuple[int, list[str]]]:
    """Run moto's server; gives its port, and the list of requests, each as method and path."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("moto.server", reason="no object store: moto[server,s3] is not installed")
        pytest.importorskip("boto3", reason="no object store: boto3 is not installed")
        from moto.server import ThreadedMotoServer
        from werkzeug.serving import WSGIRequestHandler

        requests: list[str] = []

        def note(self: Any, *_: object) -> None:
            requests.append(f"{self.command} {self.path.partition('?')[0]}")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(WSGIRequestHandler, "log_request", note)
            server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
            server.start()
            try:
                yield server.get_host_and_port()[1], requests
            finally:
                server.stop()


def make_bucket(port: int, name: str) -> Bucket:
    """Make a bucket. Credentials are those of the environment."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import boto3

        client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1")
        client.create_bucket(Bucket=name)
    return Bucket(name, port, client)


CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
