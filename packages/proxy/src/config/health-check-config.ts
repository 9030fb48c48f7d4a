import { type HealthCheck, milliseconds, RequestMethod } from '@meshkeeper/xds';
import { parseHeaderValue } from './header-value.ts';
import type { Problems } from './problems.ts';

/** How often and how patiently endpoints are checked. Times in milliseconds. */
export interface CheckTiming {
  readonly timeout: number;
  /** From a check's end to the next one's beginning, while the endpoint is healthy. */
  readonly interval: number;
  readonly unhealthyInterval: number;
  /** While failures add up to unhealthy, and successes to healthy. */
  readonly unhealthyEdgeInterval: number;
  readonly healthyEdgeInterval: number;
  /** As long as the cluster has never had a connection. */
  readonly noTrafficInterval: number;
  readonly noTrafficHealthyInterval: number;
  readonly initialJitter: number;
  readonly intervalJitter: number;
  readonly intervalJitterPercent: number;
}

/** Statuses from `start` on, before `end`. */
export interface StatusRange {
  readonly start: number;
  readonly end: number;
}

/** What is asked, and what a good answer is. */
export type ProbeConfig =
  | {
      readonly type: 'http';
      readonly method: string;
      readonly path: string;
      /** Undefined: the cluster's name. */
      readonly host: string | undefined;
      /** Names and values in turns. */
      readonly fields: readonly string[];
      readonly expected: readonly StatusRange[];
      /** Of those, so many as the threshold says make it unhealthy; of any other one is enough. */
      readonly retriable: readonly StatusRange[];
      readonly http2: boolean;
    }
  | {
      readonly type: 'tcp';
      readonly send: Buffer | undefined;
      /** Have to come, in this order, with anything between. */
      readonly receive: readonly Buffer[];
    }
  | {
      readonly type: 'grpc';
      readonly service: string;
      /** Undefined: the cluster's name. */
      readonly host: string | undefined;
    };

/** An active health check. */
export interface HealthCheckConfig {
  readonly timing: CheckTiming;
  readonly unhealthyThreshold: number;
  readonly healthyThreshold: number;
  /** Instead of the endpoint's. */
  readonly port: number | undefined;
  readonly reuseConnection: boolean;
  readonly probe: ProbeConfig;
}

/** Envoy's default for clusters that nobody uses. */
const NO_TRAFFIC_INTERVAL = 60_000;
const METHODS: ReadonlySet<string> = new Set([
  ...['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH'],
]);

/** `config.core.v3.HealthCheck`. */
export function parseHealthCheck(message: HealthCheck, problems: Problems): HealthCheckConfig {
  const unhealthyThreshold = message.unhealthyThreshold?.value ?? 0;
  const healthyThreshold = message.healthyThreshold?.value ?? 0;
  if (unhealthyThreshold === 0) problems.add('unhealthy_threshold', 'must be 1 at least');
  if (healthyThreshold === 0) problems.add('healthy_threshold', 'must be 1 at least');
  return {
    timing: parseTiming(message, problems),
    unhealthyThreshold,
    healthyThreshold,
    port: message.altPort?.value ?? undefined,
    reuseConnection: message.reuseConnection?.value !== false,
    probe: parseProbe(message, problems),
  };
}

function parseTiming(message: HealthCheck, problems: Problems): CheckTiming {
  const timeout = milliseconds(message.timeout) ?? 0;
  const interval = milliseconds(message.interval) ?? 0;
  if (timeout <= 0) problems.add('timeout', 'must be more than nothing');
  if (interval <= 0) problems.add('interval', 'must be more than nothing');
  const unhealthyInterval = milliseconds(message.unhealthyInterval) ?? interval;
  const noTrafficInterval = milliseconds(message.noTrafficInterval) ?? NO_TRAFFIC_INTERVAL;
  return {
    timeout,
    interval,
    unhealthyInterval,
    unhealthyEdgeInterval: milliseconds(message.unhealthyEdgeInterval) ?? unhealthyInterval,
    healthyEdgeInterval: milliseconds(message.healthyEdgeInterval) ?? interval,
    noTrafficInterval,
    noTrafficHealthyInterval: milliseconds(message.noTrafficHealthyInterval) ?? noTrafficInterval,
    initialJitter: milliseconds(message.initialJitter) ?? 0,
    intervalJitter: milliseconds(message.intervalJitter) ?? 0,
    intervalJitterPercent: message.intervalJitterPercent ?? 0,
  };
}

function parseProbe(message: HealthCheck, problems: Problems): ProbeConfig {
  if (message.httpHealthCheck) {
    return parseHttp(message.httpHealthCheck, problems.at('http_health_check'));
  }
  if (message.tcpHealthCheck) {
    const { send, receive, proxyProtocolConfig } = message.tcpHealthCheck;
    const at = problems.at('tcp_health_check');
    at.unsupported('proxy_protocol_config', proxyProtocolConfig);
    return {
      type: 'tcp',
      send: send ? payload(send, at.at('send')) : undefined,
      receive: (receive ?? []).map((each, i) => payload(each, at.at(`receive[${i}]`))),
    };
  }
  if (message.grpcHealthCheck) {
    const { serviceName, authority } = message.grpcHealthCheck;
    return { type: 'grpc', service: serviceName ?? '', host: authority || undefined };
  }
  problems.add(
    'health_checker',
    'http_health_check, tcp_health_check or grpc_health_check is required',
  );
  return { type: 'tcp', send: undefined, receive: [] };
}

function parseHttp(
  message: NonNullable<HealthCheck['httpHealthCheck']>,
  problems: Problems,
): ProbeConfig {
  problems.unsupported('send', message.send);
  problems.unsupported('receive', message.receive);
  const path = message.path ?? '';
  if (!path.startsWith('/')) problems.add('path', 'must begin with /');
  const method = RequestMethod[message.method || RequestMethod.GET] ?? '';
  if (!METHODS.has(method)) problems.add('method', 'the embedded proxy does not check with it');
  const removed = new Set((message.requestHeadersToRemove ?? []).map((name) => name.toLowerCase()));
  const fields = ['user-agent', 'meshkeeper/health-check'];
  for (const [i, { header }] of (message.requestHeadersToAdd ?? []).entries()) {
    const at = problems.at(`request_headers_to_add[${i}].header`);
    const value = parseHeaderValue(header?.value ?? '', at);
    // There is no request that it could be of.
    if (typeof value === 'string') fields.push((header?.key ?? '').toLowerCase(), value);
    else at.add('value', 'the embedded proxy has no commands in health checks');
  }
  const expected = ranges(message.expectedStatuses);
  return {
    type: 'http',
    method,
    path,
    host: message.host || undefined,
    fields: fields.filter((_, i) => !removed.has(fields[i - (i % 2)]!)),
    expected: expected.length > 0 ? expected : [{ start: 200, end: 201 }],
    retriable: ranges(message.retriableStatuses),
    // CodecClientType: 0 is HTTP1, 1 HTTP2, 2 HTTP3.
    http2: codec(message.codecClientType ?? 0, problems),
  };
}

function codec(type: number, problems: Problems): boolean {
  if (type > 1) problems.add('codec_client_type', 'the embedded proxy has HTTP1 and HTTP2');
  return type === 1;
}

function ranges(
  messages: NonNullable<HealthCheck['httpHealthCheck']>['expectedStatuses'],
): StatusRange[] {
  return (messages ?? []).map(({ start, end }) => ({
    start: Number(start ?? 0),
    end: Number(end ?? 0),
  }));
}

function payload(
  { text, binary }: { readonly text?: string | null; readonly binary?: Uint8Array | null },
  problems: Problems,
): Buffer {
  if (binary && binary.length > 0) return Buffer.from(binary);
  const digits = text ?? '';
  if (!/^([0-9a-fA-F]{2})+$/.test(digits)) problems.add('text', 'must be bytes in hexadecimal');
  return Buffer.from(digits, 'hex');
}
