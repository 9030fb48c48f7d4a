import { validatePath } from '../path.ts';
import { ZooKeeperError } from '../zookeeper-error.ts';
import type { Calls } from './calls.ts';
import type { CallOptions } from './options.ts';
import { type DataAndStat, owned } from './read.ts';

/** A change of an ensemble's members: some that join or leave, or all of them anew. */
export type Reconfiguration =
  | {
      /** `server.5=host:2888:3888;2181` lines of those that come, or whose address changes. */
      readonly joining?: readonly string[] | undefined;
      /** Numbers of those that go. */
      readonly leaving?: readonly (number | string)[] | undefined;
      readonly members?: never;
    }
  | {
      /** Every member, in the form of `joining`. */
      readonly members: readonly string[];
      readonly joining?: never;
      readonly leaving?: never;
    };

/** What `reconfig` takes. */
export interface ReconfigOptions extends CallOptions {
  /** The configuration that it must follow (else BAD_VERSION), as in its `version=`. Default: any. */
  readonly fromConfig?: bigint | undefined;
}

/** One way in which a session has shown who it is. */
export interface ClientIdentity {
  /** `ip`, `digest`, `sasl`, `x509`, … */
  readonly scheme: string;
  /** Without secrets: the name of a digest's user. */
  readonly user: string;
}

export async function sync(calls: Calls, path: string, { signal }: CallOptions): Promise<void> {
  validatePath(path, 'sync');
  await calls.call('sync', { path: calls.server(path) }, path, signal);
}

export async function whoAmI(
  calls: Calls,
  { signal }: CallOptions,
): Promise<readonly ClientIdentity[]> {
  return (await calls.call('whoAmI', undefined, undefined, signal)).clientInfo;
}

export async function reconfig(
  calls: Calls,
  { joining = [], leaving = [], members }: Reconfiguration,
  { fromConfig = -1n, signal }: ReconfigOptions,
): Promise<DataAndStat> {
  if (members === undefined && joining.length + leaving.length === 0) {
    const detail = 'nothing to change: name who joins or leaves, or all members';
    throw new ZooKeeperError('INVALID_ARGUMENT', { operation: 'reconfig', detail });
  }
  const body = {
    joining: listed(joining),
    leaving: listed(leaving.map(String)),
    newMembers: listed(members ?? []),
    configVersion: fromConfig,
  };
  return owned(await calls.call('reconfig', body, undefined, signal));
}

function listed(servers: readonly string[]): string | null {
  return servers.length === 0 ? null : servers.join(',');
}
