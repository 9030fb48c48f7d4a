import {
  DEFAULT_WEIGHT,
  type Endpoint,
  type Mark,
  markedId,
  markedMetadata,
  type Protocol,
  type Service,
} from '@meshkeeper/mesh';
import { CreateMode, parentOf } from '@meshkeeper/zookeeper';
import type { Dialect, Entry, Registration } from '../dialect.ts';
import { RegistryError } from '../registry-error.ts';
import { MOST_METADATA as SERVERSET_METADATA } from '../serverset/encode.ts';
import type { Identifier } from './identifier.ts';
import { isSameMark } from './mark.ts';

/** Stands for the time of the registration until it is written: as long as any that comes up. */
const SOME_TIME = 1_111_111_111_111;
const TIME = String(SOME_TIME);

/**
 * Metadata that says to a dialect what is said here in the model's words, or how the source's znode
 * lives: it doesn't hold for another znode.
 */
const NOT_MIRRORED: ReadonlySet<string> = new Set([
  ...['weight', 'instance_status', 'status', 'enabled', 'disabled', 'region', 'zone'],
  ...['banned', 'doNotLoadBalance', 'doNotSlowStart'],
  ...['dynamic', 'register-mode', 'use_path_encoding', 'haproxy_server_options', 'shard'],
]);

/**
 * How many entries of metadata a dialect's readers bear. Finagle never comes to an end with a set of
 * which a member has more than ten (seen with 24.2.0): nobody could call any of it.
 */
const MOST_METADATA: ReadonlyMap<string, number> = new Map([['serverset', SERVERSET_METADATA]]);
/** Those that the mark, a locality and a protocol may take. */
const OWN_METADATA = 4;

/** A znode as it is written. */
export type Written = Pick<Entry, 'path' | 'data' | 'mode'>;

/** The znode that an endpoint is to be mirrored as. */
export interface Wanted {
  /** The endpoint's service and id, for messages. */
  readonly service: string;
  readonly endpoint: string;
  readonly key: string;
  readonly directory: string;
  /** Its path and data hold a placeholder for the time. */
  readonly entry: Entry;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** The znode to write, registered at that time. */
  readonly node: Written;
  /** Whether the time is the instance's own, or only as good as another. */
  readonly timed: boolean;
}

/**
 * The znode for an endpoint, as the dialect would write it, marked. What the dialect has no place for
 * is left out: metadata last, but the mark never.
 * @throws RegistryError UNWRITABLE when there is no way to say the rest
 */
export function wantedOf(
  { dialect, root, mark, identifier }: Writing,
  { name: service, protocol }: { readonly name: string; readonly protocol: Protocol },
  endpoint: Endpoint,
): Wanted {
  const { origin, warmup } = endpoint;
  let failure: unknown;
  for (const registration of registrationsOf(dialect, mark, service, protocol, endpoint)) {
    try {
      const [entry, ...others] = dialect.encode(root, registration, SOME_TIME);
      // A znode beside it would be one that nothing marks.
      if (entry === undefined || others.length > 0 || !isEphemeral(entry)) continue;
      const identified = identifier.identify(asRead(entry));
      if (identified?.mark === undefined || !isSameMark(identified.mark, mark)) continue;
      // Of a registry that doesn't tell, it is long since: there is nothing left to warm up.
      const time = warmup?.from ?? origin.mtime ?? 0;
      return {
        ...{ service, endpoint: endpoint.id, key: identified.key, entry, time },
        directory: parentOf(entry.path),
        node: writtenAt(entry, time),
        timed: warmup !== undefined,
      };
    } catch (error) {
      // Of what is said with the least, the first failure is the one that matters.
      failure ??= error;
    }
  }
  throw failure instanceof RegistryError
    ? failure
    : new RegistryError(
        'UNWRITABLE',
        `the dialect ${dialect.name} has no way to say that this is a mirrored instance`,
        { cause: failure },
      );
}

/** Of a whole service: all of its endpoints, for messages. */
const ALL = '*';

/** What of a service is to be mirrored, and what can't be. */
export interface WantedService {
  /** Undefined when nothing of it can be. */
  readonly wanted: Wanted | undefined;
  readonly endpoints: readonly Endpoint[];
  readonly failed: ReadonlyMap<Endpoint, unknown>;
}

/** The same for a dialect that keeps a whole service in one znode. */
export function wantedServiceOf(
  { dialect, root, mark }: Writing,
  { name: service, protocol, endpoints }: Service,
): WantedService {
  const said = new Map<Endpoint, Registration>();
  const failed = new Map<Endpoint, unknown>();
  for (const endpoint of endpoints)
    for (const registration of registrationsOf(dialect, mark, service, protocol, endpoint)) {
      try {
        dialect.encodeService?.(root, [registration]);
        said.set(endpoint, registration);
        failed.delete(endpoint);
        break;
      } catch (error) {
        if (!failed.has(endpoint)) failed.set(endpoint, error);
      }
    }
  const encoded = said.size > 0 ? dialect.encodeService?.(root, [...said.values()]) : undefined;
  if (encoded === undefined) return { wanted: undefined, endpoints: [], failed };
  const entry: Entry = { ...encoded, mode: CreateMode.EPHEMERAL };
  const wanted: Wanted = {
    ...{ service, endpoint: ALL, key: entry.path, directory: parentOf(entry.path) },
    ...{ entry, node: entry, time: 0, timed: true },
  };
  return { wanted, endpoints: [...said.keys()], failed };
}

/** Into which tree, by whom. */
export interface Writing {
  readonly dialect: Dialect;
  readonly root: string;
  readonly mark: Mark;
  readonly identifier: Identifier;
}

/** The same, registered at another time, unless it has one of its own. */
export function registeredAt(wanted: Wanted, time: number | undefined): Wanted {
  return wanted.timed || time === undefined || time === wanted.time
    ? wanted
    : { ...wanted, time, node: writtenAt(wanted.entry, time) };
}

function writtenAt(entry: Entry, time: number): Written {
  const text = String(Math.trunc(time));
  return {
    path: entry.path.replaceAll(TIME, text),
    data: Buffer.from(entry.data.toString().replaceAll(TIME, text)),
    mode: entry.mode,
  };
}

/** Whether a znode says what is wanted of it; when it was registered is no difference by itself. */
export function says(wanted: Wanted, node: Pick<Entry, 'path' | 'data'>): boolean {
  const { entry, timed } = wanted;
  const { path: wantedPath, data } = wanted.node;
  if (isAt(entry, node.path, wantedPath) && node.data.equals(data)) return true;
  if (timed) return false;
  const path = isSequential(entry) ? node.path.slice(0, entry.path.length) : node.path;
  return isButForTime(entry.path, path) && isButForTime(String(entry.data), String(node.data));
}

export function isSequential({ mode }: Pick<Entry, 'mode'>): boolean {
  return mode === CreateMode.EPHEMERAL_SEQUENTIAL;
}

/** Whether a znode at this path can become what is wanted by its data alone. */
export function isAt(entry: Pick<Entry, 'mode'>, path: string, wanted: string): boolean {
  return isSequential(entry)
    ? path.startsWith(wanted) && /^-?\d+$/.test(path.slice(wanted.length))
    : path === wanted;
}

function isEphemeral({ mode }: Entry): boolean {
  return mode === CreateMode.EPHEMERAL || mode === CreateMode.EPHEMERAL_SEQUENTIAL;
}

/** Where the template has the placeholder, any time will do. */
function isButForTime(template: string, text: string): boolean {
  let at = 0;
  for (const [i, part] of template.split(TIME).entries()) {
    if (i > 0) {
      const [digits] = /^\d+/.exec(text.slice(at, at + 20)) ?? [];
      if (digits === undefined) return false;
      at += digits.length;
    }
    if (!text.startsWith(part, at)) return false;
    at += part.length;
  }
  return at === text.length;
}

/** What can be said of an endpoint: the most first. Not every dialect takes an id, or metadata. */
function* registrationsOf(
  dialect: Dialect,
  mark: Mark,
  service: string,
  protocol: Protocol,
  endpoint: Endpoint,
): Generator<Registration> {
  const { address, hostname = address, port, weight, health, locality } = endpoint;
  const base: Registration = {
    ...{ service, address: hostname, port, protocol },
    ...((health === 'draining' || health === 'unhealthy') && { health }),
  };
  const balanced: Registration = {
    ...base,
    locality,
    ...(weight !== DEFAULT_WEIGHT && { weight }),
  };
  const id = markedId(mark, endpoint.id);
  const marked = markedMetadata(mark, endpoint.origin.registry);
  const stated = Object.entries(endpoint.metadata).filter(([key]) => !NOT_MIRRORED.has(key));
  const room = (MOST_METADATA.get(dialect.name) ?? Number.POSITIVE_INFINITY) - OWN_METADATA;
  const fitting = stated.length <= room ? stated : [];
  const metadata = { ...Object.fromEntries(fitting), ...marked };
  for (const said of [balanced, base])
    for (const metadataOf of [metadata, marked]) {
      yield { ...said, id, metadata: metadataOf };
      yield { ...said, metadata: metadataOf };
    }
  yield { ...base, id };
  // Whoever reads only that knows what it speaks.
  const { protocol: _, ...unsaid } = base;
  yield { ...unsaid, id };
}

/** A znode as it would be read once it is written. */
function asRead({ path, data, mode }: Entry) {
  const none = { version: 0, cversion: 0, aversion: 0, numChildren: 0 };
  return {
    path: isSequential({ mode }) ? `${path}0000000000` : path,
    data,
    stat: {
      ...{ czxid: 0n, mzxid: 0n, pzxid: 0n, ctime: 0, mtime: 0, ephemeralOwner: 0n },
      ...none,
      dataLength: data.length,
    },
  };
}
