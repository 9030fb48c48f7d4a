import { HttpConnectionManager, milliseconds, Router } from '@meshkeeper/xds';
import { type PingConfig, parsePing } from './connection-config.ts';
import { type FilterPolicy, isKnownFilter, parseFilterPolicy } from './filters/filter-config.ts';
import type { Problems } from './problems.ts';
import { RouteTable } from './route-table.ts';

/** A filter of a chain, in front of the router. */
export interface HttpFilter {
  readonly name: string;
  /** What it does where routes say nothing; undefined for nothing. */
  readonly policy: FilterPolicy | undefined;
}

/** What a path that holds an escaped slash is, `%2F` or `%5C`. */
export type EscapedSlashes = 'keep' | 'reject' | 'redirect' | 'unescape';

/** How a connection's protocol is spoken. Connections that are open keep theirs. */
export interface CodecOptions {
  /** `auto`: as the client begins, or by ALPN. */
  readonly codec: 'auto' | 'http1' | 'http2';
  readonly maxRequestHeadersBytes: number;
  readonly maxRequestHeaders: number;
  /** In milliseconds, from a request's first byte to the end of its headers. */
  readonly requestHeadersTimeout: number;
  /** In milliseconds, of a connection without a request. */
  readonly idleTimeout: number;
  /** Of HTTP/2. */
  readonly maxConcurrentStreams: number;
  readonly initialStreamWindow: number;
  readonly initialConnectionWindow: number;
  readonly ping: PingConfig | undefined;
  /** In milliseconds, of a connection; then it is closed after its requests. 0 for none. */
  readonly maxConnectionDuration: number;
  /** Of one connection; 0 is any number. */
  readonly maxRequestsPerConnection: number;
  /** Protocols, lower case, that a client may upgrade to. */
  readonly upgrades: readonly string[];
}

/** An HTTP connection manager. Times in milliseconds, 0 for none. */
export interface HttpManager {
  readonly type: 'http';
  /** The name of a route configuration, or the table itself. */
  readonly routes: string | RouteTable;
  readonly filters: readonly HttpFilter[];
  readonly codec: CodecOptions;
  /** Takes the client's address for what it is, and not what the client says of it. */
  readonly useRemoteAddress: boolean;
  /** Appends that address to X-Forwarded-For. */
  readonly appendsAddress: boolean;
  /** Gives requests without an id one. */
  readonly givesIds: boolean;
  /** Tells endpoints in Envoy's own headers what was changed. */
  readonly tellsChanges: boolean;
  readonly stripPort: boolean;
  readonly stripTrailingDot: boolean;
  /** Of a stream on which no byte moves. */
  readonly streamIdleTimeout: number;
  /** Of receiving a whole request. */
  readonly requestTimeout: number;
  /** Of a request and its response. */
  readonly maxStreamDuration: number;
  /** What becomes of requests with an underscore in a header's name, or of such headers. */
  readonly underscores: 'allow' | 'reject' | 'drop';
  /** Dot segments are resolved before a route is chosen, and the result is what is sent on. */
  readonly normalizePath: boolean;
  readonly mergeSlashes: boolean;
  readonly escapedSlashes: EscapedSlashes;
}

const ROUTER = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router';

/** `CodecType`, by number. */
const CODECS: readonly CodecOptions['codec'][] = ['auto', 'http1', 'http2'];
/** `PathWithEscapedSlashesAction`, by number. */
const ESCAPED_SLASHES: readonly EscapedSlashes[] = [
  'keep',
  'keep',
  'reject',
  'redirect',
  'unescape',
];
/** `HttpProtocolOptions.HeadersWithUnderscoresAction`, by number. */
const UNDERSCORES = ['allow', 'reject', 'drop'] as const;

/** Bytes that a client may send ahead. Envoy's 16 and 24 MiB would be held here for a slow endpoint. */
const STREAM_WINDOW = 256 * 1024;
const CONNECTION_WINDOW = 1024 * 1024;

/** `envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`. */
export function parseHttpManager(value: Uint8Array, problems: Problems): HttpManager {
  const message = HttpConnectionManager.decode(value);
  const { rds, routeConfig, commonHttpProtocolOptions: common } = message;
  if (!rds?.routeConfigName && !routeConfig) problems.add('rds', 'or route_config is required');
  problems.unsupported('xff_num_trusted_hops', message.xffNumTrustedHops || undefined);
  // What clients say of a certificate of theirs is never passed on.
  problems.unsupported(
    'forward_client_cert_details',
    message.forwardClientCertDetails || undefined,
  );
  problems
    .at('http2_protocol_options')
    .unsupported('allow_connect', message.http2ProtocolOptions?.allowConnect);
  return {
    type: 'http',
    routes: routeConfig
      ? RouteTable.parse(routeConfig, problems.at('route_config'))
      : (rds?.routeConfigName ?? ''),
    filters: parseFilters(message, problems),
    codec: codecOptions(message, problems),
    useRemoteAddress: message.useRemoteAddress?.value === true,
    appendsAddress: message.useRemoteAddress?.value === true && message.skipXffAppend !== true,
    givesIds: message.generateRequestId?.value !== false,
    tellsChanges: !suppressesHeaders(message),
    stripPort: message.stripMatchingHostPort === true || message.stripAnyHostPort === true,
    stripTrailingDot: message.stripTrailingHostDot === true,
    streamIdleTimeout: milliseconds(message.streamIdleTimeout) ?? 300_000,
    requestTimeout: milliseconds(message.requestTimeout) ?? 0,
    maxStreamDuration: milliseconds(common?.maxStreamDuration) ?? 0,
    underscores: UNDERSCORES[common?.headersWithUnderscoresAction ?? 0] ?? 'allow',
    normalizePath: message.normalizePath?.value === true,
    mergeSlashes: message.mergeSlashes === true,
    escapedSlashes: ESCAPED_SLASHES[message.pathWithEscapedSlashesAction ?? 0] ?? 'keep',
  };
}

function suppressesHeaders({ httpFilters }: HttpConnectionManager): boolean {
  const router = httpFilters?.at(-1)?.typedConfig;
  if (router?.type_url !== ROUTER) return false;
  return Router.decode(router.value ?? new Uint8Array()).suppressEnvoyHeaders === true;
}

function parseFilters(message: HttpConnectionManager, problems: Problems): HttpFilter[] {
  const filters: HttpFilter[] = [];
  const messages = message.httpFilters ?? [];
  for (const [i, { name, typedConfig, isOptional, disabled }] of messages.entries()) {
    const at = problems.at(`http_filters[${i}]`);
    if (typedConfig?.type_url === ROUTER) {
      if (i < messages.length - 1) at.add('', 'the router must be the last filter');
      continue;
    }
    if (isOptional && !isKnownFilter(typedConfig)) continue;
    const policy = parseFilterPolicy(typedConfig, at, name ?? '');
    filters.push({ name: name ?? '', policy: disabled ? undefined : policy });
  }
  return filters;
}

function codecOptions(message: HttpConnectionManager, problems: Problems): CodecOptions {
  const { commonHttpProtocolOptions: common, http2ProtocolOptions: http2 } = message;
  const codec = CODECS[message.codecType ?? 0];
  if (!codec) problems.add('codec_type', 'the embedded proxy has no HTTP/3');
  const upgrades = (message.upgradeConfigs ?? [])
    .filter(({ enabled }) => enabled?.value !== false)
    .map(({ upgradeType }) => (upgradeType ?? '').toLowerCase());
  for (const [i, upgrade] of upgrades.entries()) {
    if (upgrade !== 'connect') continue;
    problems.add(`upgrade_configs[${i}]`, 'the embedded proxy does not take CONNECT');
  }
  return {
    codec: codec ?? 'auto',
    maxRequestHeadersBytes: (message.maxRequestHeadersKb?.value ?? 60) * 1024,
    maxRequestHeaders: common?.maxHeadersCount?.value ?? 100,
    requestHeadersTimeout: milliseconds(message.requestHeadersTimeout) ?? 60_000,
    idleTimeout: milliseconds(common?.idleTimeout) ?? 3_600_000,
    maxConcurrentStreams: http2?.maxConcurrentStreams?.value ?? 1024,
    initialStreamWindow: http2?.initialStreamWindowSize?.value ?? STREAM_WINDOW,
    initialConnectionWindow: http2?.initialConnectionWindowSize?.value ?? CONNECTION_WINDOW,
    ping: parsePing(http2?.connectionKeepalive),
    maxConnectionDuration: milliseconds(common?.maxConnectionDuration) ?? 0,
    maxRequestsPerConnection: common?.maxRequestsPerConnection?.value ?? 0,
    upgrades,
  };
}
