"""Messages between two processes: small ones through pipes, arrays through memory that both share."""

from __future__ import annotations

import io
import os
import pickle
import struct
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from threading import Lock
from typing import IO, Any, Self

import cloudpickle
import numpy as np
from numpy.typing import NDArray

HEAD = struct.Struct("<4sQI")
MARK = b"LXM1"
"""With which each message begins: native code may write into any descriptor of its process."""
SIZE = struct.Struct("<Q")
SMALL = 1 << 12
"""Bytes; smaller arrays go through the pipe, as a part of the message."""
CAN_SHARE = os.name == "posix"
"""Whether arrays go through shared memory; else they go through the pipe too."""


class SharedFile:
    """Memory that two processes share, as a file without a name: it is gone with the last of them.

    It is written and read by calls of the system, not mapped: where memory is short, these are errors.

    Args:
        descriptor: of the file.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    @classmethod
    def new(cls) -> Self:
        """Make one; in memory where the system can."""
        if hasattr(os, "memfd_create"):
            return cls(os.memfd_create("lumix"))
        with tempfile.TemporaryFile() as file:
            return cls(os.dup(file.fileno()))

    def write(self, buffers: Sequence[memoryview]) -> None:
        """Write buffers, one after the other, from the beginning."""
        position = 0
        for buffer in buffers:
            rest = buffer
            while len(rest):
                written = os.pwrite(self.descriptor, rest, position)
                position, rest = position + written, rest[written:]

    def read(self, sizes: Sequence[int]) -> list[NDArray[np.uint8]]:
        """Return buffers of these sizes, and free the memory."""
        buffers, position = [], 0
        for size in sizes:
            buffer = np.empty(size, dtype=np.uint8)
            rest = buffer.data
            while rest:
                count = os.preadv(self.descriptor, [rest], position)
                if not count:
                    raise EOFError("the shared memory ends early")
                position, rest = position + count, rest[count:]
            buffers.append(buffer)
        if sizes:
            os.ftruncate(self.descriptor, 0)
        return buffers

    def close(self) -> None:
        """Close this process's end."""
        os.close(self.descriptor)


class Channel:
    """One end of a connection. Any thread may send; one receives.

    Of messages with arrays none may be sent before the last one was received.

    Args:
        reader, writer: the pipes.
        inbox, outbox: for arrays.
    """

    def __init__(
        self, reader: IO[bytes], writer: IO[bytes], inbox: SharedFile | None, outbox: SharedFile | None
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._inbox = inbox
        self._outbox = outbox
        self._sending = Lock()

    def send(self, message: Any) -> None:
        """Send a message.

        Raises:
            OSError: the other end is gone, or memory is short.
            Exception: it cannot be pickled; nothing was sent.
        """
        data, buffers = _pickled(message, is_apart=self._outbox is not None)
        sizes = b"".join(SIZE.pack(len(buffer)) for buffer in buffers)
        with self._sending:
            if self._writer.closed:
                raise BrokenPipeError("the other process is gone")
            if self._outbox is not None:
                self._outbox.write(buffers)
            self._writer.write(HEAD.pack(MARK, len(data), len(buffers)) + sizes + data)
            self._writer.flush()

    def receive(self) -> Any:
        """Return the next message.

        Raises:
            EOFError: the other end is gone, or what came is no message.
        """
        mark, length, count = HEAD.unpack(self._bytes(HEAD.size))
        if mark != MARK:
            raise EOFError(f"what came is no message: {mark!r}")
        sizes = [SIZE.unpack(self._bytes(SIZE.size))[0] for _ in range(count)]
        data = self._bytes(length)
        buffers = self._inbox.read(sizes) if self._inbox is not None else []
        return pickle.loads(data, buffers=buffers)

    def close(self) -> None:
        """Close this process's ends."""
        with self._sending:
            for file in (self._reader, self._writer):
                with suppress(OSError):  # what was not sent yet: nobody is there to read it
                    file.close()
            for shared in (self._inbox, self._outbox):
                if shared is not None:
                    shared.close()

    def _bytes(self, size: int) -> bytes:
        data = self._reader.read(size)
        if len(data) < size:
            raise EOFError("the other process is gone")
        return data


def _pickled(message: Any, *, is_apart: bool) -> tuple[bytes, list[memoryview]]:
    """Return a message as bytes, and the large arrays in it by themselves."""
    buffers: list[memoryview] = []

    def stays(buffer: pickle.PickleBuffer) -> bool:
        raw = buffer.raw()
        if raw.nbytes < SMALL:
            return True
        buffers.append(raw)
        return False

    file = io.BytesIO()
    cloudpickle.CloudPickler(file, protocol=5, buffer_callback=stays if is_apart else None).dump(message)
    return file.getvalue(), buffers
