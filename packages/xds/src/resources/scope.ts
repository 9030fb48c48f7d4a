import { isIP } from 'node:net';
import type { Node } from '../codec/messages.ts';
import { textsOf } from '../codec/struct.ts';
import { type HostPort, parseHostPort } from './host-port.ts';
import type { ListenerKind } from './listener.ts';

/** Keys of `node.metadata` that ask for a listener; the value is an IP address and a port. */
export const LISTENER_KEYS: Readonly<Record<ListenerKind, string>> = {
  gateway: 'meshkeeper.io/gateway',
  outbound: 'meshkeeper.io/outbound',
};

/** The gateway of a node that asks for no listener. */
export const DEFAULT_GATEWAY: HostPort = { host: '127.0.0.1', port: 7080 };

/** What of the mesh a node sees. Nodes of one scope share everything. */
export interface Scope {
  /** Equal for equal scopes. */
  readonly key: string;
  readonly listeners: readonly { readonly kind: ListenerKind; readonly at: HostPort }[];
}

/** The scope that a node asks for. A value that is no address asks for nothing. */
export function scopeOf(node: Node): Scope {
  const texts = textsOf(node.metadata);
  const kinds: readonly ListenerKind[] = ['gateway', 'outbound'];
  const asked = kinds.filter((kind) => texts[LISTENER_KEYS[kind]] !== undefined);
  const listeners = asked.flatMap((kind) => {
    const at = parseHostPort(texts[LISTENER_KEYS[kind]] ?? '');
    return at !== undefined && isIP(at.host) !== 0 ? [{ kind, at }] : [];
  });
  if (asked.length === 0) listeners.push({ kind: 'gateway', at: DEFAULT_GATEWAY });
  const key = listeners.map(({ kind, at }) => `${kind}=${at.host} ${at.port}`).join(',');
  return { key, listeners };
}
