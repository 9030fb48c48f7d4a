import { DEFAULT_WEIGHT, type Endpoint, type Problem, type Protocol } from '@meshkeeper/mesh';
import { isHost, isPort, withoutZone } from '../decode/address.ts';
import { isObject, parseObject, shown, textOf } from '../decode/json.ts';
import { statedLocality } from '../decode/locality.ts';
import { problem, tooLarge } from '../decode/problem.ts';
import { statedProtocol } from '../decode/protocol.ts';
import type { ReadingOptions } from '../dialect.ts';
import type { ZNode } from '../tree/tree-change.ts';
import { healthOf } from './health.ts';
import type { HostPort } from './member.ts';
import { protocolOf } from './protocol.ts';
import type { Selectable } from './vector.ts';

/** An endpoint of a member, before vectors weigh it. */
export interface MemberEndpoint {
  /** Undefined: the member's own. */
  readonly name: string | undefined;
  readonly protocol: Protocol;
  readonly endpoint: Endpoint;
  readonly selectable: Selectable;
}

/** What is in a member's znode. */
export interface DecodedMember {
  readonly endpoints: readonly MemberEndpoint[];
  /** What of it can't be used. */
  readonly problem?: Problem;
}

/** Reads a member of a serverset. Never throws. */
export function decodeMember(
  { registry, locality }: Pick<ReadingOptions, 'registry' | 'locality'>,
  id: string,
  { path, data, stat }: ZNode,
): DecodedMember {
  const excess = tooLarge(path, data);
  if (excess?.type === 'problem') return { endpoints: [], problem: excess.problem };
  const json = parseObject(data.toString());
  if (json === undefined)
    return { endpoints: [], ...problem(path, 'malformed', 'its data is no JSON object') };
  const shard = Number.isInteger(json.shard) ? Number(json.shard) : undefined;
  const stated = textOf(json.metadata);
  const health = healthOf(json.status);
  const metadata = {
    ...stated,
    ...(shard !== undefined && { shard: String(shard) }),
    ...(health !== 'unknown' && { status: shownStatus(json.status) }),
  };
  const faults: string[] = [];
  const endpoints: MemberEndpoint[] = [];
  const add = (name: string | undefined, what: string, value: unknown, protocol: Protocol) => {
    const fault = faultOf(value);
    if (fault !== undefined) {
      faults.push(`"${what}" has ${fault}`);
      return;
    }
    // What has no fault is a host and a port.
    const { host, port } = value as HostPort;
    const endpoint: Endpoint = {
      id,
      address: withoutZone(host),
      port,
      weight: DEFAULT_WEIGHT,
      locality: statedLocality(stated, locality),
      health,
      metadata,
      origin: { registry, path, czxid: stat.czxid, mzxid: stat.mzxid, mtime: stat.mtime },
    };
    endpoints.push({ name, protocol, endpoint, selectable: { host, port, member: id, shard } });
  };
  const additional = Object.entries(
    isObject(json.additionalEndpoints) ? json.additionalEndpoints : {},
  );
  const main = json.serviceEndpoint;
  // Aurora announces its primary port by its name, too.
  const alias = additional.find(([, other]) => isSame(main, other))?.[0];
  add(
    undefined,
    'serviceEndpoint',
    main,
    statedProtocol(stated) ?? (alias === undefined ? 'tcp' : protocolOf(alias)),
  );
  for (const [name, value] of additional)
    add(name, `additionalEndpoints.${name.slice(0, 80)}`, value, protocolOf(name));
  if (faults.length === 0) return { endpoints };
  return { endpoints, ...problem(path, 'bad-address', faults.slice(0, 3).join('; ')) };
}

/** What keeps a value from being a host and a port. */
function faultOf(value: unknown): string | undefined {
  if (!isObject(value)) return 'no host and port';
  const { host, port } = value;
  if (!isHost(host)) return `the "host" ${shown(host)}, no host name or IP`;
  return isPort(port) ? undefined : `the "port" ${shown(port)}, no port`;
}

function isSame(a: unknown, b: unknown): boolean {
  return isObject(a) && isObject(b) && a.host === b.host && a.port === b.port;
}

function shownStatus(status: unknown): string {
  return typeof status === 'string' ? status.slice(0, 80) : 'UNKNOWN';
}
