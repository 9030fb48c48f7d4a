import type { ZNode } from '../src/index.ts';

/** A znode as if it had been read. */
export function znode(
  path: string,
  data: string | Buffer = '',
  stat: Partial<ZNode['stat']> = {},
): ZNode {
  return {
    path,
    data: Buffer.from(data),
    stat: {
      czxid: 1n,
      mzxid: 2n,
      ctime: 3,
      mtime: 3,
      version: 0,
      cversion: 0,
      aversion: 0,
      ephemeralOwner: 0n,
      dataLength: data.length,
      numChildren: 0,
      pzxid: 1n,
      ...stat,
    },
  };
}
