import type { Acl, Stat } from '@meshkeeper/jute';
import { type Data, toBuffer } from '../data.ts';
import { validatePath } from '../path.ts';
import type { Calls } from './calls.ts';
import type { CallOptions, VersionOptions } from './options.ts';

/** A znode's ACL and Stat. */
export interface AclAndStat {
  readonly acl: readonly Acl[];
  readonly stat: Stat;
}

export async function remove(
  calls: Calls,
  path: string,
  { version = -1, signal }: VersionOptions,
): Promise<void> {
  validatePath(path, 'delete');
  await calls.call('delete', { path: calls.server(path), version }, path, signal);
}

export async function set(
  calls: Calls,
  path: string,
  data: Data,
  { version = -1, signal }: VersionOptions,
): Promise<Stat> {
  validatePath(path, 'setData');
  const body = { path: calls.server(path), data: toBuffer(data), version };
  return (await calls.call('setData', body, path, signal)).stat;
}

export async function getAcl(
  calls: Calls,
  path: string,
  { signal }: CallOptions,
): Promise<AclAndStat> {
  validatePath(path, 'getACL');
  return calls.call('getACL', { path: calls.server(path) }, path, signal);
}

export async function setAcl(
  calls: Calls,
  path: string,
  acl: readonly Acl[],
  { version = -1, signal }: VersionOptions,
): Promise<Stat> {
  validatePath(path, 'setACL');
  const body = { path: calls.server(path), acl, version };
  return (await calls.call('setACL', body, path, signal)).stat;
}
