"""Runs a Python v2 Functions app through the production worker library, in this process.

The library is driven by its protobuf-free entry. It keeps its registry in module globals and
imports `function_app` by name, so a process runs one app at a time; a stopped worker leaves nothing
behind that would keep the next one from loading another folder's `function_app`.
"""

import json
import logging
import sys
import uuid
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from .errors import StartError

_MODULE = "function_app"
_INVENTORY = "Successfully indexed function app"
_raised: ContextVar[list[BaseException] | None] = ContextVar("_raised", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """One binding as the decorators declared it; `raw` holds what only its type knows."""

    name: str
    type: str
    direction: str
    raw: Mapping[str, Any]

    @property
    def is_trigger(self) -> bool:
        return self.type.lower().endswith("trigger")


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function of the app."""

    name: str
    id: str
    bindings: tuple[Binding, ...]

    @property
    def trigger(self) -> Binding:
        return next(b for b in self.bindings if b.is_trigger)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an invocation ended; `value` and `outputs` are the library's Datum objects (or None)."""

    error: BaseException | None = None
    value: Any = None
    outputs: tuple[tuple[str, Any], ...] = ()


class Worker:
    """Loads the app, then invokes its functions; sync ones run in the library's thread pool."""

    def __init__(self, app_dir: Path) -> None:
        self._app_dir = str(app_dir.resolve())
        self.functions: dict[str, Function] = {}
        self._filter = _KeepRaised()

    async def start(self) -> None:
        """Import and index the app. Raises `StartError` with the library's reason."""
        # The library and the SDK behind it take a third of a second to import.
        import azure_functions_runtime as runtime
        from azure_functions_runtime.bindings.datumdef import Datum
        from azure_functions_runtime.native_invocation import invocation_request_native, logger

        self._datum = Datum
        self._invoke_native = invocation_request_native
        self._logger = logger
        self._threads = runtime.get_threadpool_executor
        logger.addFilter(self._filter)
        sys.path.insert(0, self._app_dir)
        self._forget_module()
        runtime.start_threadpool_executor()
        request = SimpleNamespace(
            request=SimpleNamespace(
                worker_init_request=SimpleNamespace(
                    capabilities={}, function_app_directory=self._app_dir
                )
            ),
            properties={"host": "127.0.0.1", "protos": _protos()},
        )
        try:
            self.functions = await self._index(runtime, request)
        except StartError:
            await self.stop()
            raise

    async def _index(self, runtime: Any, request: SimpleNamespace) -> dict[str, Function]:
        response = await runtime.worker_init_request(request)
        if response.result.status != _StatusResult.Success:
            reason = response.result.exception
            raise StartError(f"{reason.message}\n{reason.stack_trace}")
        metadata = await runtime.functions_metadata_request(SimpleNamespace())
        if not metadata.function_metadata_results:
            raise StartError(f"no functions found in {self._app_dir}/{_MODULE}.py")
        return {f.name: _function(f) for f in metadata.function_metadata_results}

    async def stop(self) -> None:
        """Release threads, the SDK's HTTP session and the app's module."""
        from azure.durable_functions.models.utils import http_utils

        if (threads := self._threads()) is not None:
            # Without waiting: a function that hangs must not keep the host from stopping.
            threads.shutdown(wait=False, cancel_futures=True)
        # The SDK's client keeps one session per process, bound to the event loop that made it.
        await http_utils._close_session()
        self._logger.removeFilter(self._filter)
        if self._app_dir in sys.path:
            sys.path.remove(self._app_dir)
        self._forget_module()

    def datum(self, value: Any, kind: str) -> Any:
        """A value in the library's own clothes; kinds: string, bytes, json, http."""
        return self._datum(value, kind)

    async def invoke(
        self, name: str, inputs: list[tuple[str, Any]], metadata: Mapping[str, Any] | None = None
    ) -> Outcome:
        """Run one function; what it raises is returned, not raised."""
        raised: list[BaseException] = []
        token = _raised.set(raised)
        try:
            ok, value, outputs, text, _ = await self._invoke_native(
                str(uuid.uuid4()), self.functions[name].id, inputs, dict(metadata or {})
            )
        finally:
            _raised.reset(token)
        if ok:
            return Outcome(value=value, outputs=tuple(outputs))
        return Outcome(error=raised[0] if raised else RuntimeError(text))

    def _forget_module(self) -> None:
        sys.modules.pop(_MODULE, None)
        # Folders that come and go under one name (tests) are cached by the import system.
        sys.path_importer_cache.pop(self._app_dir, None)


class _KeepRaised(logging.Filter):
    """Takes the exception of a failed invocation out of the library's log.

    The library swallows it and gives back its `repr`; the log record is the one place where the
    exception itself is left. The caller logs failures, so that each is logged once. The inventory
    of the app that the library writes at start, a line of many pages, is left out as well.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if _INVENTORY in str(record.msg)[:100]:
            return False
        kept = _raised.get()
        if kept is None or record.msg != "Native invocation failed" or not record.exc_info:
            return True
        if record.exc_info[1] is not None:
            kept.append(record.exc_info[1])
        return False


def _function(metadata: Any) -> Function:
    bindings = []
    for text in metadata.raw_bindings:
        raw = json.loads(text)
        bindings.append(
            Binding(
                name=raw["name"],
                type=raw["type"],
                direction=str(raw.get("direction", "IN")).upper(),
                raw=raw,
            )
        )
    return Function(name=metadata.name, id=metadata.function_id, bindings=tuple(bindings))


def _protos() -> SimpleNamespace:
    """Plain classes in the place of the protobuf messages that indexing wants to build."""
    names = (
        *("WorkerInitResponse", "FunctionMetadataResponse", "FunctionLoadResponse"),
        *("WorkerMetadata", "RpcException", "RpcFunctionMetadata", "RpcRetryOptions"),
    )
    return SimpleNamespace(
        **dict.fromkeys(names, SimpleNamespace),
        StatusResult=_StatusResult,
        BindingInfo=_BindingInfo,
    )


class _StatusResult(SimpleNamespace):
    Failure, Success, Cancelled = 0, 1, 2


class _BindingInfo(SimpleNamespace):
    undefined, out, inout = 0, 1, 2


setattr(_BindingInfo, "in", 0)  # `in` cannot be written as an attribute
