import type { Stat } from '@meshkeeper/zookeeper';

/** A znode's metadata as it is shown: transactions in hexadecimal, as ZooKeeper's own tools do. */
export function statView(stat: Stat) {
  const { czxid, mzxid, pzxid, ephemeralOwner, ctime, mtime, ...counts } = stat;
  return {
    czxid: hex(czxid),
    mzxid: hex(mzxid),
    pzxid: hex(pzxid),
    ctime: new Date(ctime).toISOString(),
    mtime: new Date(mtime).toISOString(),
    ...counts,
    ephemeralOwner: hex(ephemeralOwner),
  };
}

/** A transaction or session id. */
export function hex(value: bigint): string {
  return `0x${BigInt.asUintN(64, value).toString(16)}`;
}
