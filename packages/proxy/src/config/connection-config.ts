import {
  type Any,
  type Cluster,
  type HttpConnectionManager,
  HttpProtocolOptions,
  milliseconds,
} from '@meshkeeper/xds';
import type { Problems } from './problems.ts';

/** Pings that find out whether a connection still works. Times in milliseconds, 0 for none. */
export interface PingConfig {
  readonly interval: number;
  readonly jitterPercent: number;
  /** Who has not answered by then is gone. */
  readonly timeout: number;
  /** A connection without traffic for so long is asked before it gets a request. */
  readonly idleInterval: number;
}

/** HTTP/2 towards endpoints. */
export interface Http2Config {
  /** Of one connection. */
  readonly maxConcurrentStreams: number;
  /** In bytes. */
  readonly streamWindow: number;
  readonly connectionWindow: number;
  readonly ping: PingConfig | undefined;
}

/** How connections to endpoints are made and kept. Times in milliseconds, 0 for no limit. */
export interface ConnectionConfig {
  readonly connectTimeout: number;
  /** How long a connection without a request is kept. */
  readonly idleTimeout: number;
  readonly maxDuration: number;
  /** 0 is any number. */
  readonly maxRequests: number;
  /** Without traffic for so long, TCP asks whether the other side still lives. */
  readonly tcpKeepalive: number | undefined;
  /** Undefined: HTTP/1.1. */
  readonly http2: Http2Config | undefined;
}

const OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
/** Envoy's. */
const CONNECT_TIMEOUT = 5_000;
const IDLE_TIMEOUT = 3_600_000;
/** Linux's, which Envoy leaves in place. */
const KEEPALIVE_TIME = 7_200;

/** HTTP/2 of which nothing is stated. */
export const HTTP2_DEFAULTS: Http2Config = {
  maxConcurrentStreams: 2_147_483_647,
  // Less than Envoy's: for a client that reads slowly the proxy holds as much.
  streamWindow: 1024 ** 2,
  connectionWindow: 8 * 1024 ** 2,
  ping: undefined,
};

/** What a cluster says of its connections. */
export function parseConnections(message: Cluster, problems: Problems): ConnectionConfig {
  const options = protocolOptions(message, problems);
  const at = problems.at(`typed_extension_protocol_options[${OPTIONS}]`);
  const common = options.commonHttpProtocolOptions;
  const commonAt = at.at('common_http_protocol_options');
  commonAt.unsupported('max_headers_count', common?.maxHeadersCount);
  commonAt.unsupported('max_stream_duration', common?.maxStreamDuration);
  at.unsupported('use_downstream_protocol_config', options.useDownstreamProtocolConfig);
  at.unsupported('auto_config', options.autoConfig);
  const upstream = options.upstreamHttpProtocolOptions;
  const upstreamAt = at.at('upstream_http_protocol_options');
  upstreamAt.unsupported('auto_sni', upstream?.autoSni);
  upstreamAt.unsupported('auto_san_validation', upstream?.autoSanValidation);
  const keepalive = message.upstreamConnectionOptions?.tcpKeepalive;
  return {
    connectTimeout: milliseconds(message.connectTimeout) ?? CONNECT_TIMEOUT,
    idleTimeout: milliseconds(common?.idleTimeout) ?? IDLE_TIMEOUT,
    maxDuration: milliseconds(common?.maxConnectionDuration) ?? 0,
    maxRequests: common?.maxRequestsPerConnection?.value ?? 0,
    tcpKeepalive: keepalive ? (keepalive.keepaliveTime?.value ?? KEEPALIVE_TIME) * 1000 : undefined,
    http2: parseHttp2(options),
  };
}

function protocolOptions(message: Cluster, problems: Problems): HttpProtocolOptions {
  const at = problems.at('typed_extension_protocol_options');
  let options: HttpProtocolOptions = {};
  for (const [name, any] of Object.entries(message.typedExtensionProtocolOptions ?? {})) {
    if (any.type_url === `type.googleapis.com/${OPTIONS}`) options = decode(any, at);
    else at.add(name, `the embedded proxy has no ${any.type_url}`);
  }
  return options;
}

function decode(any: Any, problems: Problems): HttpProtocolOptions {
  try {
    return HttpProtocolOptions.decode(any.value ?? new Uint8Array());
  } catch {
    problems.add(OPTIONS, 'is not valid');
    return {};
  }
}

function parseHttp2({ explicitHttpConfig }: HttpProtocolOptions): Http2Config | undefined {
  const options = explicitHttpConfig?.http2ProtocolOptions;
  if (!options) return undefined;
  return {
    maxConcurrentStreams:
      options.maxConcurrentStreams?.value ?? HTTP2_DEFAULTS.maxConcurrentStreams,
    streamWindow: options.initialStreamWindowSize?.value ?? HTTP2_DEFAULTS.streamWindow,
    connectionWindow: options.initialConnectionWindowSize?.value ?? HTTP2_DEFAULTS.connectionWindow,
    ping: parsePing(options.connectionKeepalive),
  };
}

/** `config.core.v3.KeepaliveSettings`. */
export function parsePing(
  message: NonNullable<HttpConnectionManager['http2ProtocolOptions']>['connectionKeepalive'],
): PingConfig | undefined {
  if (!message) return undefined;
  return {
    interval: milliseconds(message.interval) ?? 0,
    jitterPercent: message.intervalJitter?.value ?? 15,
    timeout: milliseconds(message.timeout) ?? 0,
    idleInterval: milliseconds(message.connectionIdleInterval) ?? 0,
  };
}
