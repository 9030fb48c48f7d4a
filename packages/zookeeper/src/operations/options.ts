import type { Acl, CreateMode } from '@meshkeeper/jute';
import type { Watcher } from '../watches/watch-event.ts';

/** What every call takes. */
export interface CallOptions {
  /** Gives up waiting. A write that is under way may still take effect. */
  readonly signal?: AbortSignal | undefined;
}

/** What a call takes that can leave a one-shot watch. */
export interface ReadOptions extends CallOptions {
  /** Called once, at the first change after this read, or with `reset` if the session ends before. */
  readonly watch?: Watcher | undefined;
}

/** What `create` takes. */
export interface CreateOptions extends CallOptions {
  /** Default `CreateMode.PERSISTENT`. */
  readonly mode?: CreateMode | undefined;
  /** Default `OPEN_ACL`. */
  readonly acl?: readonly Acl[] | undefined;
  /** Time to live in milliseconds, for the modes with TTL. */
  readonly ttl?: number | undefined;
  /** Creates missing parents too, as containers. Default false: NO_NODE. */
  readonly parents?: boolean | undefined;
}

/** What a write that can be conditional takes. */
export interface VersionOptions extends CallOptions {
  /** The version that the znode must have (else BAD_VERSION). Default -1: any. */
  readonly version?: number | undefined;
}
