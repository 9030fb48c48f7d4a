import type { Problem, TrafficPolicy } from '@meshkeeper/mesh';
import { addressKey } from '../decode/address.ts';
import { isObject, type JsonObject, parseObject, shown } from '../decode/json.ts';
import { problem, tooLarge } from '../decode/problem.ts';
import type { ZNode } from '../tree/tree-change.ts';
import { parseUri } from './uri.ts';

/** What D2's configuration says of a service. */
export interface ServiceDefinition {
  /** The cluster whose servers offer it; it may be a link. */
  readonly cluster: string;
  /** `host:port` of servers that are not to be called for it. */
  readonly banned: ReadonlySet<string>;
  readonly policy?: TrafficPolicy;
}

/** Reads what a service is. Never throws. */
export function decodeService(
  registry: string,
  node: ZNode,
): ServiceDefinition | { readonly problem: Problem } {
  const json = objectIn(node);
  if ('problem' in json) return json;
  const { clusterName: cluster, transportClientProperties: transport } = json.object;
  if (typeof cluster !== 'string' || cluster === '')
    return problem(node.path, 'malformed', `"clusterName" is ${shown(cluster)}, no cluster`);
  const timeout = isObject(transport) ? millisecondsOf(transport['http.requestTimeout']) : 0;
  // Of one try: D2's client tries again with all of it.
  const policy = {
    perTryTimeout: { value: timeout, origin: { source: registry, path: node.path } },
  };
  return { cluster, banned: bannedIn(json.object), ...(timeout > 0 && { policy }) };
}

/** Reads which servers of a cluster are not to be called. Never throws. */
export function decodeCluster(
  node: ZNode,
): { readonly banned: ReadonlySet<string> } | { readonly problem: Problem } {
  const json = objectIn(node);
  return 'problem' in json ? json : { banned: bannedIn(json.object) };
}

function objectIn({
  path,
  data,
}: ZNode): { readonly object: JsonObject } | { readonly problem: Problem } {
  const excess = tooLarge(path, data);
  if (excess?.type === 'problem') return excess;
  const object = parseObject(data.toString());
  return object ? { object } : problem(path, 'malformed', 'its data is no JSON object');
}

/** D2's configuration tool writes a service's list as `banned`, and its client reads `bannedUris`. */
function bannedIn({ bannedUris }: JsonObject): ReadonlySet<string> {
  return new Set(
    Array.isArray(bannedUris)
      ? bannedUris.filter((uri) => typeof uri === 'string').map(normalized)
      : [],
  );
}

function normalized(uri: string): string {
  const parsed = parseUri(uri);
  return typeof parsed === 'string' ? uri : addressKey(parsed.host, parsed.port);
}

/** D2 writes its numbers as text. */
function millisecondsOf(value: unknown): number {
  return /^\d{1,9}$/.test(String(value)) ? Number(value) : 0;
}
