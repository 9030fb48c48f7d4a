import type { Reader } from './reader.ts';
import type { Type } from './type.ts';
import type { Writer } from './writer.ts';

/** A znode's metadata, as ZooKeeper's `Stat`. */
export interface Stat {
  /** Transaction that created the znode. */
  readonly czxid: bigint;
  /** Transaction that last changed its data. */
  readonly mzxid: bigint;
  /** When it was created: milliseconds since the epoch, by the server's clock. */
  readonly ctime: number;
  /** When its data last changed. */
  readonly mtime: number;
  /** Number of changes to the data. */
  readonly version: number;
  /** Number of changes to the children. */
  readonly cversion: number;
  /** Number of changes to the ACL. */
  readonly aversion: number;
  /** Session that owns an ephemeral; 0 for every other mode. */
  readonly ephemeralOwner: bigint;
  /** Bytes of data. */
  readonly dataLength: number;
  readonly numChildren: number;
  /** Transaction that last created or deleted a child. */
  readonly pzxid: bigint;
}

/** Written out by hand, unlike the other records: it is in nearly every reply. */
export const statType: Type<Stat> = {
  least: 68,
  read(reader: Reader): Stat {
    return {
      czxid: reader.long(),
      mzxid: reader.long(),
      ctime: reader.time(),
      mtime: reader.time(),
      version: reader.int(),
      cversion: reader.int(),
      aversion: reader.int(),
      ephemeralOwner: reader.long(),
      dataLength: reader.int(),
      numChildren: reader.int(),
      pzxid: reader.long(),
    };
  },
  write(writer: Writer, stat: Stat): void {
    writer.long(stat.czxid);
    writer.long(stat.mzxid);
    writer.time(stat.ctime);
    writer.time(stat.mtime);
    writer.int(stat.version);
    writer.int(stat.cversion);
    writer.int(stat.aversion);
    writer.long(stat.ephemeralOwner);
    writer.int(stat.dataLength);
    writer.int(stat.numChildren);
    writer.long(stat.pzxid);
  },
};
