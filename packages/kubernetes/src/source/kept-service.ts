import { MARK_LABELS, markOf } from '@meshkeeper/mesh';
import type { KubernetesService, ServicePort } from '../api/objects.ts';
import { ANNOTATIONS } from './annotations.ts';
import type { KubernetesSourceSettings } from './settings.ts';

/** What is kept of a Service. */
export interface KeptService {
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  /** Those of TCP. */
  readonly ports: readonly ServicePort[];
  /** The first of its address families. */
  readonly family: 'IPv4' | 'IPv6';
  readonly externalName: string | undefined;
  readonly externalIPs: readonly string[];
  /** Of a load balancer: IP addresses and host names. */
  readonly ingress: readonly string[];
  /** Those of {@link ANNOTATIONS}. */
  readonly annotations: Readonly<Record<string, string>>;
}

const KNOWN: ReadonlySet<string> = new Set(Object.values(ANNOTATIONS));

/** What of the settings decides which Services are read. */
export type ServiceFilter = Pick<KubernetesSourceSettings, 'namespaces' | 'except' | 'sync'>;

/**
 * What is kept of a Service; undefined when it is not to be read: a mesh has written it, or the settings or
 * an annotation say so. What is denied goes before what is allowed. Pure.
 */
export function keepService(
  { metadata, spec = {}, status }: KubernetesService,
  filter: ServiceFilter,
): KeptService | undefined {
  const { name, namespace = '', labels = {}, annotations = {} } = metadata;
  if (isMarked(labels, annotations) || isApiServer(namespace, name)) return undefined;
  if (!isNamespaceRead(namespace, filter)) return undefined;
  const sync = annotations[ANNOTATIONS.sync]?.toLowerCase();
  if (sync === 'false' || (filter.sync === 'if-annotated' && sync !== 'true')) return undefined;
  const { type = 'ClusterIP', ports, externalName, externalIPs = [], ipFamilies } = spec;
  const ingress = status?.loadBalancer?.ingress ?? [];
  return {
    ...{ namespace, name, type, externalName, externalIPs },
    version: metadata.resourceVersion ?? '',
    ports: (ports ?? []).filter(({ protocol = 'TCP' }) => protocol === 'TCP'),
    family: ipFamilies?.[0] === 'IPv6' ? 'IPv6' : 'IPv4',
    ingress: ingress.flatMap(({ ip, hostname }) => ip ?? hostname ?? []),
    annotations: Object.fromEntries(
      Object.entries(annotations).filter(
        ([key]) => KNOWN.has(key) || key.startsWith(ANNOTATIONS.metadata),
      ),
    ),
  };
}

/** Whether objects of a namespace are read. */
export function isNamespaceRead(
  namespace: string,
  { namespaces, except }: Pick<ServiceFilter, 'namespaces' | 'except'>,
): boolean {
  return !except.includes(namespace) && (namespaces.length === 0 || namespaces.includes(namespace));
}

/** True of what a mesh has written: it is served from where it was registered. */
export function isMarked(
  labels: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>>,
): boolean {
  // A label alone is a mark; an id is none here.
  return (
    labels[MARK_LABELS.mesh] !== undefined ||
    markOf({ id: '', metadata: annotations }) !== undefined
  );
}

/** The API itself is no service of the mesh. */
function isApiServer(namespace: string, name: string): boolean {
  return namespace === 'default' && name === 'kubernetes';
}
