import {
  DEFAULT_WEIGHT,
  type Endpoint,
  type Health,
  NO_LOCALITY,
  type Problem,
  type Protocol,
  statedHosts,
} from '@meshkeeper/mesh';
import type { ServicePort } from '../api/objects.ts';
import { ANNOTATIONS } from './annotations.ts';
import type { KeptNode } from './kept-node.ts';
import type { KeptService } from './kept-service.ts';
import { endpointsOf, type KeptEndpoint, type KeptSlice } from './kept-slice.ts';
import { portProtocol } from './port-protocol.ts';
import { portName, portsInOrder, serviceName } from './service-names.ts';
import type { KubernetesSourceSettings } from './settings.ts';

/** What a Service is read from. */
export interface ServiceParts {
  readonly service: KeptService;
  readonly slices: readonly KeptSlice[];
  readonly node: (name: string) => KeptNode | undefined;
}

/** How it is read. */
export interface BuildOptions
  extends Pick<
    KubernetesSourceSettings,
    'protocol' | 'nodePorts' | 'loadBalancers' | 'hosts' | 'clusterDomain'
  > {
  /** The source's name. */
  readonly registry: string;
}

/** What the catalog has of one port of a Service. */
export interface BuiltService {
  readonly name: string;
  readonly protocol: Protocol;
  readonly endpoints: readonly Endpoint[];
  /** See `Service.hosts`. */
  readonly hosts?: readonly string[];
}

/** What was made of a Service. */
export interface Built {
  readonly services: readonly BuiltService[];
  readonly problems: readonly Problem[];
}

/** How a Service is reached. */
type Reach = 'endpoints' | 'nodes' | 'ingress' | 'name';

/** How a Service is reached, by its type and the settings. */
export function reachOf(
  { type }: Pick<KeptService, 'type'>,
  { nodePorts, loadBalancers }: Pick<BuildOptions, 'nodePorts' | 'loadBalancers'>,
): Reach {
  if (type === 'ExternalName') return 'name';
  if (type === 'NodePort' && nodePorts !== 'endpoints') return 'nodes';
  if (type === 'LoadBalancer' && loadBalancers === 'ingress') return 'ingress';
  return 'endpoints';
}

/**
 * The services of the catalog that a Service is, one a port of TCP: `name.namespace` is its first port, or
 * the one that is annotated, and `name.namespace:port` each other. Pure.
 */
export function buildService(parts: ServiceParts, options: BuildOptions): Built {
  const { service } = parts;
  const name = serviceName(service);
  const path = `Service ${service.namespace}/${service.name}`;
  const problems: Problem[] = [];
  const problem = (code: Problem['code'], message: string) =>
    problems.push({ path, code, message, services: [name] });
  const { ports, missing } = portsInOrder(service);
  const [first, ...others] = ports;
  if (missing !== undefined)
    problem('not-applied', `meshkeeper.io/service-port is "${missing}", and there is no such port`);
  if (first === undefined) {
    problem('incomplete', 'it has no port of TCP: name one with meshkeeper.io/service-port');
    const { protocol } = options;
    const hosts = hostsAt(service, '', options);
    return { services: [{ name, protocol, endpoints: [], ...hosts }], problems };
  }
  const shared = shareOf(service, problem);
  const of = (port: ServicePort, called: string): BuiltService => ({
    name: called,
    ...hostsAt(service, port === first ? '' : `:${port.port}`, options),
    protocol: portProtocol(port, options.protocol),
    endpoints: distinct(
      candidates(parts, port, options, problem).map((candidate) =>
        endpoint(candidate, service, shared, options.registry),
      ),
    ),
  });
  return {
    services: [of(first, name), ...others.map((port) => of(port, portName(name, port)))],
    problems: problems.filter(
      ({ message }, i) => problems.findIndex((other) => other.message === message) === i,
    ),
  };
}

/**
 * By which names pods call a Service: those of the cluster's DNS. A port that is not the first is told from it by
 * its number.
 */
function hostsAt(
  { name, namespace }: KeptService,
  port: string,
  { hosts: wanted, clusterDomain }: BuildOptions,
): Pick<BuiltService, 'hosts'> {
  if (!wanted) return {};
  const short = `${name}.${namespace}`;
  const all = [short, `${short}.svc`, `${short}.svc.${clusterDomain}`];
  const hosts = statedHosts(all.map((host) => `${host}${port}`));
  return hosts === undefined ? {} : { hosts };
}

type Report = (code: Problem['code'], message: string) => void;

/** What all endpoints of a Service have in common. */
interface Share {
  readonly weight: number;
  readonly metadata: Readonly<Record<string, string>>;
}

function shareOf({ namespace, name, annotations }: KeptService, problem: Report): Share {
  const stated = annotations[ANNOTATIONS.weight];
  let weight = DEFAULT_WEIGHT;
  if (stated !== undefined) {
    if (/^\d{1,5}$/.test(stated) && Number(stated) <= 65_535) weight = Number(stated);
    else problem('not-applied', `meshkeeper.io/weight is "${stated}": write a number to 65535`);
  }
  const metadata: Record<string, string> = {
    'kubernetes.namespace': namespace,
    'kubernetes.service': name,
  };
  for (const [key, value] of Object.entries(annotations))
    if (key.startsWith(ANNOTATIONS.metadata) && key.length > ANNOTATIONS.metadata.length)
      metadata[key.slice(ANNOTATIONS.metadata.length)] = value;
  return { weight, metadata };
}

/** Something that may become an endpoint. */
interface Candidate {
  /** Within its namespace. */
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly health: Health;
  readonly zone: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly path: string;
  readonly version: string;
  /** Of the Service's first address family. */
  readonly preferred: boolean;
}

function candidates(
  parts: ServiceParts,
  port: ServicePort,
  options: BuildOptions,
  problem: Report,
): readonly Candidate[] {
  switch (reachOf(parts.service, options)) {
    case 'endpoints':
      return bySlices(parts, port);
    case 'nodes':
      return byNodes(parts, port, options, problem);
    case 'ingress':
      return byNames([...parts.service.ingress, ...parts.service.externalIPs], parts.service, port);
    case 'name':
      return byNames([parts.service.externalName ?? ''], parts.service, port);
  }
}

function bySlices({ service, slices }: ServiceParts, port: ServicePort): Candidate[] {
  return slices.flatMap((slice) => {
    const { name = '', targetPort } = port;
    const found = slice.ports.find((each) => (each.name ?? '') === name);
    if (found === undefined) return [];
    const number = found.port ?? (typeof targetPort === 'number' ? targetPort : port.port);
    const path = `EndpointSlice ${service.namespace}/${slice.name}`;
    return endpointsOf(slice).map((kept) => ({
      // Several that are no pods may run on one machine.
      id: kept.pod === '' ? hostPort(kept.address, number) : kept.pod,
      address: kept.address,
      port: number,
      health: healthOf(kept),
      zone: kept.zone,
      metadata: {
        ...(kept.pod !== '' && { 'kubernetes.pod': kept.pod }),
        ...(kept.node !== '' && { 'kubernetes.node': kept.node }),
        ...(kept.zones.length > 0 && { 'kubernetes.zones': kept.zones.join(',') }),
      },
      path,
      version: slice.version,
      preferred: slice.family === service.family,
    }));
  });
}

function hostPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** What ends and still serves finishes what it has; what is not ready is not asked. */
function healthOf({ ready, serving, terminating }: KeptEndpoint): Health {
  if (terminating) return serving ? 'draining' : 'unhealthy';
  return ready ? 'healthy' : 'unhealthy';
}

const FITNESS: Readonly<Record<Health, number>> = {
  healthy: 3,
  unknown: 2,
  draining: 1,
  unhealthy: 0,
};

/** The nodes that run the endpoints, each as fit as the fittest of them. */
function byNodes(
  { service, slices, node }: ServiceParts,
  { nodePort }: ServicePort,
  { nodePorts }: BuildOptions,
  problem: Report,
): Candidate[] {
  if (nodePort === undefined) return [];
  const found = new Map<string, Candidate>();
  for (const slice of slices)
    for (const kept of endpointsOf(slice)) {
      if (kept.node === '') continue;
      const { internal, external } = node(kept.node) ?? {};
      const address = nodePorts === 'external' ? (external ?? internal) : internal;
      const before = found.get(kept.node);
      const health = healthOf(kept);
      if (address === undefined) problem('bad-address', `the node ${kept.node} has no address`);
      else if (before === undefined || FITNESS[health] > FITNESS[before.health])
        found.set(kept.node, {
          ...{ id: kept.node, address, port: nodePort, health, zone: kept.zone },
          metadata: { 'kubernetes.node': kept.node },
          path: `Service ${service.namespace}/${service.name}`,
          version: service.version,
          preferred: true,
        });
    }
  return [...found.values()];
}

/** Addresses, or names that whoever runs the source looks up. */
function byNames(
  hosts: readonly string[],
  { namespace, name, version }: KeptService,
  { port }: ServicePort,
): Candidate[] {
  return hosts.map((host) => ({
    ...{ id: host, address: host, port, health: 'unknown' as const, zone: '', version },
    metadata: {},
    path: `Service ${namespace}/${name}`,
    preferred: true,
  }));
}

interface Weighed {
  readonly endpoint: Endpoint;
  readonly preferred: boolean;
}

function endpoint(
  candidate: Candidate,
  { namespace }: KeptService,
  { weight, metadata }: Share,
  registry: string,
): Weighed {
  const { id, address, port, health, zone, path, version, preferred } = candidate;
  return {
    preferred,
    endpoint: {
      id: `${namespace}/${id}`,
      ...{ address, port, weight, health },
      locality: zone === '' ? NO_LOCALITY : { ...NO_LOCALITY, zone },
      metadata: { ...candidate.metadata, ...metadata },
      origin: { registry, path, version },
    },
  };
}

/**
 * Each instance once: while an endpoint moves from one slice to another it is in both, and a pod with
 * addresses of both families is in slices of both. Sorted by id.
 */
function distinct(all: readonly Weighed[]): readonly Endpoint[] {
  const byId = keepBest(all, ({ endpoint: { id } }) => id);
  const byPlace = keepBest(byId, ({ endpoint: { address, port } }) => `${address} ${port}`);
  return byPlace.map((each) => each.endpoint).sort((a, b) => (a.id < b.id ? -1 : 1));
}

function keepBest(all: readonly Weighed[], key: (each: Weighed) => string): Weighed[] {
  const best = new Map<string, Weighed>();
  for (const each of all) {
    const other = best.get(key(each));
    if (other === undefined || isBetter(each, other)) best.set(key(each), each);
  }
  return [...best.values()];
}

function isBetter(a: Weighed, b: Weighed): boolean {
  if (a.preferred !== b.preferred) return a.preferred;
  const by = FITNESS[a.endpoint.health] - FITNESS[b.endpoint.health];
  // The same whatever order they came in.
  return by !== 0 ? by > 0 : a.endpoint.origin.path < b.endpoint.origin.path;
}
