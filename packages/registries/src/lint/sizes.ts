import { parentOf } from '@meshkeeper/zookeeper';
import type { Finding } from './finding.ts';
import type { RegistryRead } from './registry-read.ts';

/** `jute.maxbuffer` unless it was set: what neither a server nor a client goes beyond, in bytes. */
export const MAX_BUFFER = 0xf_ffff;

/** From which share of it on something is said. */
const NEAR = 0.5;
/** Of an answer: its header, a count, and a Stat. */
const AROUND = 16 + 4 + 68;

/** Data and lists of children that come near what ZooKeeper can send at all. */
export function* sizes({ name, nodes }: RegistryRead, maxBuffer: number): Generator<Finding> {
  const lists = new Map<string, number>();
  for (const { path, data } of nodes.values()) {
    const answer = data.length + AROUND;
    if (answer > maxBuffer * NEAR)
      yield {
        ...{ code: 'large-data', severity: 'warning', registry: name, path },
        message: `${data.length} bytes, and more than ${maxBuffer} can't be read or written`,
        fix: 'Keep less in it, or raise jute.maxbuffer at all servers and all clients.',
      };
    if (path === '/') continue;
    const parent = parentOf(path);
    const child = 4 + Buffer.byteLength(path.slice(path.lastIndexOf('/') + 1));
    lists.set(parent, (lists.get(parent) ?? AROUND) + child);
  }
  for (const [path, answer] of lists)
    if (nodes.has(path) && answer > maxBuffer * NEAR)
      yield {
        ...{ code: 'many-children', severity: 'warning', registry: name, path },
        message: `the list of its children has ${answer} bytes: at ${maxBuffer} nobody can read it any more`,
        fix: 'Delete those that are not needed, or raise jute.maxbuffer at all servers and all clients.',
      };
}
