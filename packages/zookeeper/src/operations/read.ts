import {
  ErrorCode,
  type NameList,
  nameList,
  type OperationName,
  type RequestOf,
  type ResponseOf,
  type Stat,
} from '@meshkeeper/jute';
import { validatePath } from '../path.ts';
import type { WatchKeeper } from '../watches/watch-keeper.ts';
import type { ServerList } from '../watches/watch-table.ts';
import type { Calls } from './calls.ts';
import type { CallOptions, ReadOptions } from './options.ts';

/** A znode's data (empty when it has none) and Stat. */
export interface DataAndStat {
  readonly data: Buffer;
  readonly stat: Stat;
}

/** The names of a znode's children, in no particular order, and its own Stat. */
export interface ChildrenAndStat {
  readonly children: readonly string[];
  readonly stat: Stat;
}

/** The parts that every read stands on. */
export interface Reading {
  readonly calls: Calls;
  readonly watches: WatchKeeper;
}

export async function exists(
  { calls, watches }: Reading,
  path: string,
  { watch, signal }: ReadOptions,
): Promise<Stat | null> {
  validatePath(path, 'exists');
  const server = calls.server(path);
  const wish = watch && watches.wish('data', server, watch);
  return new Promise((resolve, reject) => {
    calls.send('exists', { path: server, watch: watch !== undefined }, path, signal, {
      succeed({ stat }, abandoned) {
        wish?.granted('data', abandoned);
        resolve(stat);
      },
      fail(error, err, abandoned) {
        if (err !== ErrorCode.NO_NODE) return reject(error);
        wish?.granted('exist', abandoned);
        resolve(null);
      },
      settled: () => wish?.settle(),
    });
  });
}

export async function get(
  reading: Reading,
  path: string,
  options: ReadOptions,
): Promise<DataAndStat> {
  validatePath(path, 'getData');
  return owned(await read(reading, 'getData', 'data', reading.calls.server(path), path, options));
}

export async function children(
  reading: Reading,
  path: string,
  options: ReadOptions,
): Promise<ChildrenAndStat> {
  validatePath(path, 'getChildren2');
  return read(reading, 'getChildren2', 'child', reading.calls.server(path), path, options);
}

/** A znode's children for those who look at one after the other: there may be very many. */
export async function childNames(
  calls: Calls,
  path: string,
  { signal }: CallOptions,
): Promise<NameList> {
  validatePath(path, 'getChildren2');
  const body = { path: calls.server(path), watch: false };
  return calls.callAs('getChildren2', nameList, body, path, signal);
}

/** Where servers keep the ensemble's configuration, whatever the chroot is. */
const CONFIG = '/zookeeper/config';

export async function getConfig(reading: Reading, options: ReadOptions): Promise<DataAndStat> {
  return owned(await read(reading, 'getData', 'data', CONFIG, CONFIG, options));
}

export async function getAllChildrenNumber(
  calls: Calls,
  path: string,
  { signal }: CallOptions,
): Promise<number> {
  validatePath(path, 'getAllChildrenNumber');
  const body = { path: calls.server(path) };
  return (await calls.call('getAllChildrenNumber', body, path, signal)).total;
}

export async function getEphemerals(
  calls: Calls,
  prefix: string,
  { signal }: CallOptions,
): Promise<readonly string[]> {
  validatePath(prefix, 'getEphemerals');
  const body = { path: calls.server(prefix) };
  const { ephemerals } = await calls.call('getEphemerals', body, prefix, signal);
  // The server compares text: a neighbour whose name begins like the chroot is not inside it.
  const home = calls.server('/');
  const inside = home === '/' ? home : `${home}/`;
  return ephemerals
    .filter((path) => path === home || path.startsWith(inside))
    .map((path) => calls.strip(path));
}

/** A copy: the view would keep alive the whole chunk that came from the socket. */
export function owned({ data, stat }: ResponseOf<'getData'>): DataAndStat {
  return { data: data === null ? Buffer.alloc(0) : Buffer.from(data), stat };
}

function read<N extends OperationName & ('getData' | 'getChildren2')>(
  { calls, watches }: Reading,
  operation: N,
  list: ServerList & ('data' | 'child'),
  server: string,
  path: string,
  { watch, signal }: ReadOptions,
): Promise<ResponseOf<N>> {
  const wish = watch && watches.wish(list, server, watch);
  // Both operations have the same request, which the compiler can't tell of an N.
  const body = { path: server, watch: watch !== undefined } as RequestOf<N>;
  return new Promise((resolve, reject) => {
    calls.send(operation, body, path, signal, {
      succeed(response, abandoned) {
        wish?.granted(list, abandoned);
        resolve(response);
      },
      fail: reject,
      settled: () => wish?.settle(),
    });
  });
}
