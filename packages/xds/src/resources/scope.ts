import { isIP } from 'node:net';
import type { Locality } from '@meshkeeper/mesh';
import type { Node } from '../codec/messages.ts';
import { textsOf } from '../codec/struct.ts';
import { type Flavour, flavourOf } from './flavour.ts';
import { formatHostPort, type HostPort, parseHostPort } from './host-port.ts';
import type { ListenerKind } from './listener/listener.ts';
import { type RouteForm, routeFormOf } from './route/route-form.ts';

/** Keys of `node.metadata` that ask for a listener; the value is an IP address and a port. */
export const LISTENER_KEYS: Readonly<Record<ListenerKind, string>> = {
  gateway: 'meshkeeper.io/gateway',
  outbound: 'meshkeeper.io/outbound',
};

/**
 * Key of `node.metadata` that says in which folder of its machine a data plane has certificates:
 * `NAME/tls.crt`, `NAME/tls.key`, and of authorities `NAME/ca.crt`.
 */
export const CERTIFICATES_KEY = 'meshkeeper.io/certificates';

/** The folder of a node that says none. */
export const DEFAULT_CERTIFICATES = '/etc/meshkeeper/certificates';

/** The gateway of a node that asks for no listener. */
export const DEFAULT_GATEWAY: HostPort = { host: '127.0.0.1', port: 7080 };

/** What of the mesh a node sees. Nodes of one scope share everything. */
export interface Scope {
  /** Equal for equal scopes. */
  readonly key: string;
  readonly flavour: Flavour;
  /** The service that it runs beside, or what else it says that it is. */
  readonly service: string;
  readonly locality: Locality;
  readonly listeners: readonly { readonly kind: ListenerKind; readonly at: HostPort }[];
  /** How it gets virtual hosts. */
  readonly form: RouteForm;
  /** The folder of its certificates. */
  readonly certificates: string;
}

/**
 * The scope that a node asks for. A value that is no address asks for nothing.
 * @param allByOne it gets everything by one incremental stream
 */
export function scopeOf(node: Node, allByOne = false): Scope {
  const flavour = flavourOf(node);
  const { region, zone, subZone } = node.locality ?? {};
  const locality = { region: region ?? '', zone: zone ?? '', subzone: subZone ?? '' };
  const service = node.cluster ?? '';
  // gRPC has no listeners of its own, and no certificates of ours.
  const own = flavour === 'grpc' ? NOTHING : asked(node);
  const { region: r, zone: z, subzone: s } = locality;
  const at = own.listeners.map(({ kind, at: address }) => `${kind}=${formatHostPort(address)}`);
  const form = allByOne ? routeFormOf(node) : 'inside';
  const key = JSON.stringify([flavour, form, service, r, z, s, own.certificates, ...at]);
  return { key, flavour, form, service, locality, ...own };
}

const NOTHING: Pick<Scope, 'listeners' | 'certificates'> = { listeners: [], certificates: '' };

function asked(node: Node): Pick<Scope, 'listeners' | 'certificates'> {
  const texts = textsOf(node.metadata);
  const kinds: readonly ListenerKind[] = ['gateway', 'outbound'];
  const wanted = kinds.filter((kind) => texts[LISTENER_KEYS[kind]] !== undefined);
  const listeners = wanted.flatMap((kind) => {
    const at = parseHostPort(texts[LISTENER_KEYS[kind]] ?? '');
    return at !== undefined && isIP(at.host) !== 0 ? [{ kind, at }] : [];
  });
  if (wanted.length === 0) listeners.push({ kind: 'gateway', at: DEFAULT_GATEWAY });
  return { listeners, certificates: texts[CERTIFICATES_KEY] || DEFAULT_CERTIFICATES };
}
