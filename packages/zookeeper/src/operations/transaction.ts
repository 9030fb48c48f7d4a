import { type Acl, CreateMode, type MultiPart, OPEN_ACL, type Stat } from '@meshkeeper/jute';
import { type Data, toBuffer } from '../data.ts';

/** One operation of a `multi`: all of them take effect, or none. */
export type TransactionOp =
  | {
      readonly op: 'create';
      readonly path: string;
      readonly data?: Data;
      readonly mode?: CreateMode;
      readonly acl?: readonly Acl[];
      /** Time to live in milliseconds, for the modes with TTL. */
      readonly ttl?: number;
    }
  | { readonly op: 'delete'; readonly path: string; readonly version?: number }
  | { readonly op: 'set'; readonly path: string; readonly data: Data; readonly version?: number }
  /** Fails the transaction unless the znode has this version. */
  | { readonly op: 'check'; readonly path: string; readonly version: number };

interface ResultOf {
  readonly create: { readonly op: 'create'; readonly path: string; readonly stat: Stat };
  readonly set: { readonly op: 'set'; readonly stat: Stat };
  readonly delete: { readonly op: 'delete' };
  readonly check: { readonly op: 'check' };
}

/** What one operation of a successful `multi` did. */
export type TransactionResult = ResultOf[keyof ResultOf];

/** The results of a `multi`, each of the kind of its operation. */
export type TransactionResults<T extends readonly TransactionOp[]> = {
  readonly [K in keyof T]: ResultOf[T[K]['op']];
};

/** The protocol's form of an operation; `path` is the server's. */
export function toPart(op: TransactionOp, path: string): MultiPart {
  switch (op.op) {
    case 'create':
      return createPart(path, op);
    case 'delete':
      return { op: 'delete', request: { path, version: op.version ?? -1 } };
    case 'set':
      return {
        op: 'setData',
        request: { path, data: toBuffer(op.data), version: op.version ?? -1 },
      };
    case 'check':
      return { op: 'check', request: { path, version: op.version } };
  }
}

/** What create may be told. */
export interface CreateFields {
  readonly data?: Data | undefined;
  readonly mode?: CreateMode | undefined;
  readonly acl?: readonly Acl[] | undefined;
  readonly ttl?: number | undefined;
}

/** The create operation that a mode needs: containers and TTLs have their own. */
export function createPart(
  path: string,
  fields: CreateFields,
): Extract<MultiPart, { op: 'create2' | 'createContainer' | 'createTTL' }> {
  const flags = fields.mode ?? CreateMode.PERSISTENT;
  const request = { path, data: toBuffer(fields.data), acl: fields.acl ?? OPEN_ACL, flags };
  switch (flags) {
    case CreateMode.CONTAINER:
      return { op: 'createContainer', request };
    case CreateMode.PERSISTENT_WITH_TTL:
    case CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL:
      return { op: 'createTTL', request: { ...request, ttl: BigInt(fields.ttl ?? 0) } };
    default:
      return { op: 'create2', request };
  }
}
