import type { Endpoint, Problem } from '@meshkeeper/mesh';
import { addressKey, withoutZone } from '../decode/address.ts';
import { statedLocality } from '../decode/locality.ts';
import { problem } from '../decode/problem.ts';
import type { ReadingOptions } from '../dialect.ts';
import type { ZNode } from '../tree/tree-change.ts';
import { parseList, parseNode } from './node.ts';

/** What ZooKeeper keeps itself, where the services are as in the seed's own example. */
const SYSTEM = /^\/zookeeper\/(config|quota)(\/|$)/;

/** A service's list. */
export interface DecodedList {
  /** Undefined when there is none, and none was expected. */
  readonly endpoints?: readonly Endpoint[];
  /** What of it can't be used. */
  readonly problem?: Problem;
}

/** Reads a service's list. Never throws. */
export function decodeList(
  { registry, locality }: Pick<ReadingOptions, 'registry' | 'locality'>,
  { path, data, stat }: ZNode,
): DecodedList {
  if (data.length === 0 || SYSTEM.test(path)) return {};
  const list = parseList(data.toString());
  if (list === undefined) return problem(path, 'malformed', 'its data is no JSON list');
  const faults: string[] = [];
  const endpoints = new Map<string, Endpoint>();
  for (const [i, element] of list.entries()) {
    const node = parseNode(element);
    const fault = typeof node === 'string' ? node : node.fault;
    if (fault !== undefined) faults.push(`element ${i} has ${fault}`);
    if (typeof node === 'string') continue;
    const { host, port, weight, metadata } = node;
    const address = withoutZone(host);
    const id = addressKey(address, port);
    // Of two with one address APISIX has the last, too.
    endpoints.set(id, {
      ...{ id, address, port, weight, metadata },
      locality: statedLocality(metadata, locality),
      health: 'unknown',
      origin: { registry, path, czxid: stat.czxid, mzxid: stat.mzxid, mtime: stat.mtime },
    });
  }
  const sorted = [...endpoints.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  if (faults.length === 0) return { endpoints: sorted };
  return { endpoints: sorted, ...problem(path, 'bad-address', faults.slice(0, 3).join('; ')) };
}
