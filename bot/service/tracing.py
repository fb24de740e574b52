"""OpenTelemetry spans for each hop (extra `tracing`). No span carries a text or an identifier."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from bot.errors import ConfigError


@contextmanager
def traces_to(url: str) -> Iterator[Callable[[str], AbstractContextManager[object]]]:
    """Yields a maker of spans that are sent to an OTLP/HTTP address. Raises ConfigError when the extra is not installed."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError:
        raise ConfigError("Für metrics.traces fehlt OpenTelemetry: pip install 'kavi-bot[tracing]'.") from None
    provider = TracerProvider(resource=Resource.create({"service.name": "kavi"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)))
    tracer = provider.get_tracer("kavi")
    try:
        yield lambda hop: tracer.start_as_current_span(f"kavi.{hop}")
    finally:
        provider.shutdown()
