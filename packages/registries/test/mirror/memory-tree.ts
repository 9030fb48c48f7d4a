import { CreateMode } from '@meshkeeper/zookeeper';
import type { Entry, ZNode } from '../../src/index.ts';
import type { Identifier } from '../../src/mirror/identifier.ts';
import type { MirrorStep } from '../../src/mirror/target.ts';
import { znode } from '../znode.ts';

/** The instances of one ensemble's tree, as ZooKeeper would keep them. */
export class MemoryTree {
  readonly nodes = new Map<string, ZNode>();
  #zxid = 1n;
  #number = 0;

  create({ path, data, mode }: Pick<Entry, 'path' | 'data' | 'mode'>, owner: bigint): ZNode {
    const whole =
      mode === CreateMode.EPHEMERAL_SEQUENTIAL
        ? `${path}${String(this.#number++).padStart(10, '0')}`
        : path;
    if (this.nodes.has(whole)) throw new Error(`NODE_EXISTS ${whole}`);
    return this.#write(whole, data, owner, 0, this.#zxid);
  }

  delete(path: string): void {
    if (!this.nodes.delete(path)) throw new Error(`NO_NODE ${path}`);
    this.#zxid++;
  }

  /** Does a mirror's step; gives the paths that it was about. */
  do(step: MirrorStep, session: bigint): readonly string[] {
    if (step.type === 'create') return [this.create(step.node, session).path];
    const node = this.nodes.get(step.path);
    if (node === undefined) throw new Error(`NO_NODE ${step.path}`);
    const { stat } = node;
    if (stat.version !== step.version) throw new Error(`BAD_VERSION ${step.path}`);
    if (step.type === 'set') {
      this.#write(step.path, step.data, stat.ephemeralOwner, stat.version + 1, stat.czxid);
      return [step.path];
    }
    this.delete(step.path);
    return step.type === 'delete' ? [step.path] : [step.path, this.create(step.node, session).path];
  }

  mirrored(identifier: Identifier): string[] {
    return [...this.nodes.values()]
      .filter((node) => identifier.isMirrored(node))
      .map(({ path }) => path);
  }

  #write(path: string, data: Buffer, owner: bigint, version: number, czxid: bigint): ZNode {
    const mzxid = this.#zxid++;
    const mtime = Number(mzxid);
    const node = znode(path, data, { czxid, mzxid, mtime, version, ephemeralOwner: owner });
    this.nodes.set(path, node);
    return node;
  }
}
