import type { Acl } from '@meshkeeper/jute';

/** A change to one znode, or a check inside a multi: decided, nothing left to look up. */
export type NodeChange =
  | {
      readonly type: 'create';
      /** With the sequence number, if there is one. */
      readonly path: string;
      readonly data: Buffer | null;
      /** `auth` entries are expanded. */
      readonly acl: readonly Acl[];
      /** As `owner.ts` encodes it. */
      readonly owner: bigint;
      /** The parent's stored cversion after it. */
      readonly parentCversion: number;
    }
  | { readonly type: 'delete'; readonly path: string }
  | {
      readonly type: 'setData';
      readonly path: string;
      readonly data: Buffer | null;
      /** After the change. */
      readonly version: number;
    }
  | {
      readonly type: 'setACL';
      readonly path: string;
      readonly acl: readonly Acl[];
      /** `aversion` after the change. */
      readonly version: number;
    }
  | { readonly type: 'check'; readonly path: string };

/** What one transaction does. */
export type Change =
  | NodeChange
  | { readonly type: 'multi'; readonly changes: readonly NodeChange[] }
  | { readonly type: 'createSession'; readonly timeout: number; readonly password: Buffer }
  | {
      readonly type: 'closeSession';
      /** Its ephemerals, in the order of their deletion. */
      readonly paths: readonly string[];
    };

/** One entry of the log. Applying the same entries in the same order always gives the same tree. */
export interface Txn {
  readonly zxid: bigint;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** The session that asked for it; 0 for the server itself. */
  readonly sessionId: bigint;
  readonly change: Change;
}
