import { isIP } from 'node:net';
import { isHost, isPort, withoutZone } from '../decode/address.ts';
import { shown } from '../decode/json.ts';

/** Where a server is: `https://10.0.0.1:8443/context`. */
export interface ServerUri {
  readonly scheme: string;
  /** IP address or host name. */
  readonly host: string;
  readonly port: number;
  /** What each request's path begins with there; empty where it is `/`. */
  readonly path: string;
}

const URI = /^([a-z][a-z0-9+.-]*):\/\/(?:\[([^\]]*)\]|([^:/?#@]*))(?::(\d{1,5}))?(\/[^?#]*)?$/i;
const PORTS: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['https', 443],
]);

/** Reads a URI; what is wrong with it, as text, when it is no server's. */
export function parseUri(text: string): ServerUri | string {
  const [, scheme = '', literal, name = '', digits, path = ''] = URI.exec(text) ?? [];
  const host = literal ?? name;
  const isKnown = literal === undefined ? isHost(name) : isIP(literal) === 6;
  if (!isKnown) return `the URI ${shown(text)} has no host name or IP`;
  const port = digits === undefined ? PORTS.get(scheme.toLowerCase()) : Number(digits);
  if (!isPort(port)) return `the URI ${shown(text)} has no port`;
  return {
    scheme: scheme.toLowerCase(),
    host: withoutZone(host),
    port,
    path: path.replace(/\/$/, ''),
  };
}

/** The URI of a server. */
export function formatUri({ scheme, host, port, path }: ServerUri): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
}
