import type { Protocol } from '@meshkeeper/mesh';
import type { HostPort } from '../server/forwarder.ts';
import { isNamable } from '../zone/alias-table.ts';
import { HAPROXY_LABEL } from '../zone/grammar.ts';

/** A service that HAProxy is to call. */
export interface HaproxyService {
  readonly name: string;
  /** Its name in the zone. */
  readonly alias: string;
  readonly protocol: Protocol;
  /** How many instances it has now: there is room for more. */
  readonly endpoints: number;
  /** More hosts that it is called by: `web.shop.svc.cluster.local`, or only at a port, `web.shop:9090`. */
  readonly hosts: readonly string[];
  /** `ip:port` where it is called, of a service that is not called by the name of a host. */
  readonly listen?: string;
}

/** What is written into `haproxy.cfg`. */
export interface HaproxyOptions {
  /** The DNS servers of the control plane's replicas. */
  readonly nameservers: readonly HostPort[];
  /** Their zone. */
  readonly zone: string;
  /** `ip:port` where services are called by the name of their host. */
  readonly listen: string;
  /** `ip:port` of HAProxy's statistics. Default: none. */
  readonly statistics?: string;
  /** Whether HAProxy looks after instances itself: by a connection, or by a path. Default no. */
  readonly check?: { readonly type: 'tcp' } | { readonly type: 'http'; readonly path: string };
  readonly services: readonly HaproxyService[];
}

/** Places for instances of a service beyond twice as many as it has. */
const LEAST_PLACES = 10;

/**
 * The configuration of an HAProxy (2.5 or newer) that finds instances by DNS. Names of services stand in
 * it as their aliases, which have no character that HAProxy knows; in comments they have lost those that
 * could end one.
 */
export function haproxyConfig(options: HaproxyOptions): string {
  const { services, zone } = options;
  const named = services.filter(({ alias }) => isNamable(alias, zone));
  const nameless = services.filter(({ alias }) => !isNamable(alias, zone));
  const sections = [
    HEAD,
    BASE,
    resolvers(options.nameservers),
    httpFrontend(options, named),
    ...named.map((service) => serviceSections(service, options)),
    ...nameless.map(
      ({ name }) => `# ${plain(name)} has no name that DNS bears: it can't be called from here.`,
    ),
    UNKNOWN,
    ...(options.statistics === undefined ? [] : [statistics(options.statistics)]),
  ];
  return `${sections.join('\n\n')}\n`;
}

const HEAD = `\
# HAProxy for the services of a mesh, written by "meshkeeper bootstrap haproxy". For HAProxy 2.5 or newer.
#
# Which instances a service has, and how much each is sent, HAProxy asks the mesh by DNS: this file stays
# as it is while they come and go. A service that is new has no backend here: write the file anew, and
# reload HAProxy.`;

const BASE = `\
global
  # What comes and goes is said on standard error; a "stats socket" here lets you see all of it.
  log stderr format raw local0 notice

defaults
  log global
  timeout connect 2s
  timeout client 1m
  timeout server 1m
  # Of WebSockets, and of TCP once both sides have spoken.
  timeout tunnel 1h
  # An instance that takes no connection: the next attempt goes to another.
  retries 3
  option redispatch 1`;

function resolvers(nameservers: readonly HostPort[]): string {
  const servers = nameservers.map(
    ({ host, port }, i) =>
      `  nameserver mesh${i + 1} tcp@${host.includes(':') ? `[${host}]` : host}:${port}`,
  );
  return `\
# The mesh's DNS: of each replica of the control plane. All are asked, and the first that answers counts.
resolvers mesh
  # By TCP, since many instances have no room in a datagram.
${servers.join('\n')}
  accepted_payload_size 65535
  # An instance that comes, drains or goes is noticed after that long: nothing is kept (the TTL is 0).
  timeout resolve 1s
  timeout retry 1s
  resolve_retries 3
  hold valid 1s
  hold obsolete 0s
  hold nx 1s
  # With the control plane away the last known instances are called,
  hold timeout 24h
  hold refused 24h
  # and while it reads the registries for the first time, too.
  hold other 30s`;
}

function httpFrontend(
  { listen, zone }: HaproxyOptions,
  services: readonly HaproxyService[],
): string {
  const suffix = zone === 'mesh' ? 'mesh' : `(mesh|${zone.replaceAll('.', '[.]')})`;
  return `\
# HTTP, gRPC and WebSockets, by the host that is called: ORDERS, or orders.mesh, with any port.
frontend mesh_http
  mode http
  bind ${listen}
  option forwardfor
  # A backend is called as the service's alias is: its name in lower case, with - for what no host has.
  http-request set-var(txn.alias) 'req.hdr(host),field(1,:),lower,regsub("[.]${suffix}$",""),regsub("[^a-z0-9.-]+","-",g)'
${moreHosts(services.filter(isHttp))}\
  use_backend %[var(txn.alias)]
  default_backend mesh_unknown`;
}

function isHttp({ protocol }: HaproxyService): boolean {
  return protocol === 'http' || protocol === 'http2' || protocol === 'grpc';
}

/**
 * The hosts that registries state of services. A service's own name goes before what a platform calls
 * another; of two that are called the same the lowest name has it, being asked first.
 */
function moreHosts(services: readonly HaproxyService[]): string {
  const own = new Set(services.flatMap(({ name, alias }) => [name.toLowerCase(), alias]));
  const byName = services.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return byName.map((service) => hostLines(service, own)).join('');
}

function hostLines({ alias, hosts }: HaproxyService, own: ReadonlySet<string>): string {
  // Of characters that mean nothing to HAProxy.
  const all = hosts
    .filter((host) => /^[a-z0-9._-]+(:\d+)?$/.test(host))
    .filter((host) => !own.has(host.replace(/:\d+$/, '')));
  const line = (fetched: string, texts: readonly string[]) =>
    texts.length === 0
      ? ''
      : `  use_backend ${alias} if { ${fetched} -m str ${texts.join(' ')} }\n`;
  const [ported, plain] = [all.filter(hasPort), all.filter((host) => !hasPort(host))];
  return line('req.hdr(host),lower', ported) + line('req.hdr(host),field(1,:),lower', plain);
}

function hasPort(host: string): boolean {
  return host.includes(':');
}

const UNKNOWN = `\
# Hosts that are no service of this file.
backend mesh_unknown
  mode http
  http-request return status 404 content-type text/plain string "no service here has this host name"`;

function statistics(listen: string): string {
  return `\
# Which instances there are, and what they are sent: a page at /.
frontend mesh_statistics
  mode http
  bind ${listen}
  stats enable
  stats uri /
  stats refresh 5s`;
}

function serviceSections(service: HaproxyService, options: HaproxyOptions): string {
  switch (service.protocol) {
    case 'http':
      return backend(service, service.alias, 'http', '', options);
    case 'http2':
    case 'grpc':
      return backend(service, service.alias, 'http', ' proto h2', options);
    case 'tcp':
    case 'dubbo':
      return [
        backend(service, `tcp_${service.alias}`, 'tcp', '', options),
        tcpFrontend(service),
      ].join('\n\n');
  }
}

function backend(
  { name, alias, protocol, endpoints }: HaproxyService,
  id: string,
  mode: 'http' | 'tcp',
  flags: string,
  { zone, check }: HaproxyOptions,
): string {
  const places = Math.max(LEAST_PLACES, 2 * endpoints);
  const isHttpCheck = mode === 'http' && check?.type === 'http';
  return [
    `# ${plain(name)}, ${protocol}; ${places} instances at most have a place.`,
    `backend ${id}`,
    `  mode ${mode}`,
    '  balance roundrobin',
    ...(isHttpCheck ? [`  option httpchk GET ${check.path}`] : []),
    `  default-server init-addr none resolvers mesh${check === undefined ? '' : ' check inter 2s'}${flags}`,
    `  server-template instance 1-${places} _${alias}.${HAPROXY_LABEL}.${zone}`,
  ].join('\n');
}

/** Of what has no hosts a port of its own is called. */
function tcpFrontend({ name, alias, listen }: HaproxyService): string {
  const lines = [
    `frontend tcp_${alias}`,
    '  mode tcp',
    `  bind ${listen ?? '127.0.0.1:PORT'}`,
    `  default_backend tcp_${alias}`,
  ];
  if (listen !== undefined) return lines.join('\n');
  return [
    `# What is not HTTP is called at a port of its own: choose one for ${plain(name)}, and take the "# " away.`,
    ...lines.map((line) => `# ${line}`),
  ].join('\n');
}

/** A name as a comment bears it: in one line. */
function plain(name: string): string {
  return name.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, '?');
}
