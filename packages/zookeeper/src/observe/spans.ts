import type { Observer } from './observer.ts';

/** The part of OpenTelemetry's `Span` that is used. */
export interface Span {
  setAttribute(key: string, value: string | number): unknown;
  recordException(exception: Error): void;
  setStatus?(status: { code: number; message?: string }): unknown;
  end(): void;
}

/** The part of OpenTelemetry's `Tracer` that is used: `trace.getTracer('…')` fits. */
export interface Tracer {
  startSpan(
    name: string,
    options?: { kind?: number; attributes?: Record<string, string | number> },
  ): Span;
}

/** `SpanKind.CLIENT` of OpenTelemetry. */
const CLIENT = 2;
/** `SpanStatusCode.ERROR` of OpenTelemetry. */
const ERROR = 2;

/**
 * An observer that makes a span of every call, with the attributes that OpenTelemetry has for
 * databases. The span's parent is the context that is active at the call. Paths are told, data is not.
 */
export function spans(tracer: Tracer): Observer {
  return {
    call({ operation, path }) {
      const attributes: Record<string, string | number> = {
        'db.system.name': 'zookeeper',
        'db.operation.name': operation,
      };
      if (path !== undefined) attributes['zookeeper.path'] = path;
      const span = tracer.startSpan(`zookeeper ${operation}`, { kind: CLIENT, attributes });
      return ({ zxid, error }) => {
        if (zxid !== undefined) span.setAttribute('zookeeper.zxid', `0x${zxid.toString(16)}`);
        if (error !== undefined) {
          span.setAttribute('error.type', error.code);
          span.recordException(error);
          span.setStatus?.({ code: ERROR, message: error.message });
        }
        span.end();
      };
    },
  };
}
