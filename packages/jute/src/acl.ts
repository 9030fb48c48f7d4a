import type { Reader } from './reader.ts';
import { int, record, string, type Type, vector } from './type.ts';
import type { Writer } from './writer.ts';

/** What an ACL entry may allow; combine with `|`. */
export const Perms = {
  READ: 1,
  WRITE: 2,
  CREATE: 4,
  DELETE: 8,
  ADMIN: 16,
  ALL: 31,
} as const;

/** One entry of an ACL: who (`scheme:id`) may do what (`perms`). */
export interface Acl {
  /** A sum of `Perms`. */
  readonly perms: number;
  /** `world`, `auth`, `digest`, `ip`, `x509`, `sasl`. */
  readonly scheme: string;
  readonly id: string;
}

/** An id; null reads as empty: kazoo writes the empty id of `auth` as null, and servers take it. */
const id: Type<string> = {
  least: string.least,
  read: (reader: Reader) => reader.string() ?? '',
  write: (writer: Writer, value) => writer.string(value),
};

export const aclType = vector(record({ perms: int, scheme: string, id }));

/** Anyone may do anything: ZooKeeper's `OPEN_ACL_UNSAFE`, its default. */
export const OPEN_ACL: readonly Acl[] = [{ perms: Perms.ALL, scheme: 'world', id: 'anyone' }];

/** Anyone may read. */
export const READ_ACL: readonly Acl[] = [{ perms: Perms.READ, scheme: 'world', id: 'anyone' }];

/** Whoever created the znode may do anything. */
export const CREATOR_ALL_ACL: readonly Acl[] = [{ perms: Perms.ALL, scheme: 'auth', id: '' }];
