import { isIP } from 'node:net';
import { DEFAULT_WEIGHT, type Endpoint, NO_LOCALITY, type Problem } from '@meshkeeper/mesh';
import type { ZNode } from '../tree/tree-change.ts';
import { SPRING_PAYLOAD_CLASS } from './instance.ts';

/** An endpoint whose address may still be a host name. */
export type UnresolvedEndpoint = Endpoint;

/** What a leaf of a discovery tree holds. */
export type Decoded =
  | { readonly type: 'instance'; readonly endpoint: UnresolvedEndpoint }
  /** No instance, and none expected: an empty directory. */
  | { readonly type: 'directory' }
  | { readonly type: 'problem'; readonly problem: Problem };

/** No instance comes near this; reading megabytes of JSON would hold everything else up. */
const MAX_DATA = 64 * 1024;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*\.?$/i;

/** Reads an instance of Curator or Spring Cloud Zookeeper. Never throws. */
export function decodeInstance(registry: string, id: string, { path, data, stat }: ZNode): Decoded {
  const problem = (code: Problem['code'], message: string): Decoded => ({
    type: 'problem',
    problem: { path, code, message },
  });
  // Parents hold nothing, or the address of the host that made them (Curator's default data).
  if (data.length === 0 || (data.length < 100 && isIP(data.toString()) !== 0))
    return { type: 'directory' };
  if (data.length > MAX_DATA)
    return problem('too-large', `${data.length} bytes; an instance has at most ${MAX_DATA}`);
  const json = parseObject(data.toString());
  if (json === undefined) return problem('malformed', 'its data is no JSON object');
  const payload = isObject(json.payload) ? json.payload : undefined;
  const spring = payload?.['@class'] === SPRING_PAYLOAD_CLASS;
  const address = json.address;
  if (typeof address !== 'string' || !isHost(address))
    return problem('bad-address', `"address" is ${shown(address)}, no host name or IP`);
  // A secure Spring instance is reached at its sslPort.
  const ports = spring ? [json.sslPort, json.port] : [json.port, json.sslPort];
  const port = ports.find((value) => value !== null && value !== undefined);
  if (!isPort(port)) return problem('bad-address', `"port" is ${shown(port)}, no port`);
  const metadata = textOf(payload?.metadata ?? payload ?? json.payload);
  const status = metadata.instance_status ?? '';
  const up = json.enabled !== false && /^(up)?$/i.test(status);
  return {
    type: 'instance',
    endpoint: {
      id,
      address: address.replace(/%.*$/, ''),
      port,
      weight: DEFAULT_WEIGHT,
      locality: NO_LOCALITY,
      health: up ? 'unknown' : 'draining',
      metadata,
      origin: { registry, path, czxid: stat.czxid, mzxid: stat.mzxid, mtime: stat.mtime },
    },
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isHost(address: string): boolean {
  return isIP(address) !== 0 || HOST_NAME.test(address);
}

function isPort(port: unknown): port is number {
  return Number.isInteger(port) && Number(port) > 0 && Number(port) < 65_536;
}

/** A value for a message; what could be long, or nested deeper than the stack, only by its kind. */
function shown(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? 'an array' : 'an object';
  return value === undefined ? 'missing' : String(value);
}

/** The text, number and boolean members of an object; a bare string is its own payload. */
function textOf(value: unknown): Record<string, string> {
  if (typeof value === 'string') return { payload: value };
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => ['string', 'number', 'boolean'].includes(typeof member))
      .map(([key, member]) => [key, String(member)]),
  );
}
