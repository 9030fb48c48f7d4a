import assert from 'node:assert/strict';
import {
  CreateMode,
  type TransactionOp,
  type Watch,
  type WatchEvent,
  type ZooKeeper,
  ZooKeeperError,
} from '../../src/index.ts';
import type { Command, Write } from './command.ts';
import { type Outcome, TreeModel } from './tree-model.ts';
import { WatchModel } from './watch-model.ts';

/** Does the same with a client and with the model, and compares everything that can be seen. */
export class Runner {
  readonly #zk: ZooKeeper;
  readonly #root: string;
  readonly #tree = new TreeModel();
  readonly #watches = new WatchModel();
  readonly #told: { readonly should: string[]; readonly was: string[] }[] = [];
  readonly #persistent: { readonly watch: Watch; readonly model: ReturnType<WatchModel['add']> }[] =
    [];

  /** `root`: exists, has no children, and is nobody else's. */
  constructor(zk: ZooKeeper, root: string) {
    this.#zk = zk;
    this.#root = root;
  }

  async run(command: Command): Promise<void> {
    switch (command.op) {
      case 'multi':
        return this.#write(command.parts, () =>
          this.#zk.multi(command.parts.map((op) => this.#op(op))),
        );
      case 'create':
      case 'delete':
      case 'set':
        return this.#write([command], async () => [await this.#single(this.#op(command))]);
      case 'multiRead':
        return this.#multiRead(command.paths);
      case 'removeWatches': {
        const { list, path } = command;
        const removed = await this.#zk.removeWatches(this.#at(path), { list });
        return assert.equal(removed, this.#watches.removeAll(list, path));
      }
      case 'addWatch': {
        const { path, recursive } = command;
        const { listener, should } = this.#listener();
        const watch = await this.#zk.addWatch(this.#at(path), { recursive, listener });
        const model = this.#watches.add(recursive ? 'recursive' : 'persistent', path, should);
        this.#persistent.push({ watch, model });
        return;
      }
      case 'closeWatch': {
        const closing = this.#persistent[command.which];
        if (closing === undefined) return;
        await closing.watch.close();
        return this.#watches.remove(closing.model);
      }
      default:
        return this.#read(command.op, command.path, command.watch);
    }
  }

  /** Everything that was told is what should have been; takes all watches off. */
  async end(): Promise<void> {
    await this.#zk.sync();
    for (const { should, was } of this.#told) assert.deepEqual(was, should);
    for (const { watch } of this.#persistent) await watch.close();
  }

  #at(path: string): string {
    return this.#root + path;
  }

  #listener() {
    const told = { should: [] as string[], was: [] as string[] };
    this.#told.push(told);
    const listener = (event: WatchEvent) =>
      told.was.push(
        event.type === 'reset' ? 'reset' : `${event.type} ${event.path.slice(this.#root.length)}`,
      );
    return { listener, should: told.should };
  }

  async #write(writes: readonly Write[], call: () => Promise<readonly unknown[]>): Promise<void> {
    const should = this.#tree.apply(writes);
    const was = await outcomeOf(call);
    assert.deepEqual(was, 'error' in should ? should : { value: should.value });
    if ('effects' in should) for (const effect of should.effects) this.#watches.happened(effect);
  }

  async #single(op: TransactionOp): Promise<unknown> {
    switch (op.op) {
      case 'create':
        return { op: 'create', ...(await this.#zk.create(op.path, op.data, { mode: op.mode })) };
      case 'delete':
        await this.#zk.delete(op.path, { version: op.version });
        return { op: 'delete' };
      case 'set':
        return { op: 'set', stat: await this.#zk.set(op.path, op.data, { version: op.version }) };
      default:
        return assert.fail('a check stands in a multi only');
    }
  }

  #op(write: Write): TransactionOp {
    const path = this.#at(write.path);
    if (write.op === 'create') {
      const mode = write.sequential ? CreateMode.PERSISTENT_SEQUENTIAL : CreateMode.PERSISTENT;
      return { op: 'create', path, mode };
    }
    return { ...write, path, data: 'x' };
  }

  async #read(op: 'exists' | 'get' | 'children', path: string, watch: boolean): Promise<void> {
    const node = this.#tree.node(path);
    const { listener, should } = this.#listener();
    const result = await outcomeOf(async () => {
      const options = watch ? { watch: listener } : {};
      if (op === 'exists') return [await this.#zk.exists(this.#at(path), options)];
      if (op === 'get') return [(await this.#zk.get(this.#at(path), options)).stat];
      const { children, stat } = await this.#zk.children(this.#at(path), options);
      assert.deepEqual(children.toSorted(), this.#tree.names(path));
      return [stat];
    });
    if (watch && (node || op === 'exists'))
      this.#watches.add(op === 'children' ? 'children' : 'data', path, should);
    if (node === undefined) {
      assert.deepEqual(result, op === 'exists' ? { value: [null] } : { error: 'NO_NODE' });
      return;
    }
    const { version, children, creates } = node;
    assert.deepEqual(result, { value: [{ version, children, cversion: 2 * creates - children }] });
  }

  async #multiRead(paths: readonly string[]): Promise<void> {
    const reads = paths.flatMap((path) => [
      { op: 'get' as const, path: this.#at(path) },
      { op: 'children' as const, path: this.#at(path) },
    ]);
    const results = await this.#zk.multiRead(reads);
    const was = results.map((result) => {
      if (!result.ok) return result.error.code;
      return result.op === 'get' ? result.stat.version : result.children.toSorted();
    });
    const should = paths.flatMap((path): unknown[] => {
      const node = this.#tree.node(path);
      return node ? [node.version, this.#tree.names(path)] : ['NO_NODE', 'NO_NODE'];
    });
    assert.deepEqual(was, should);
  }
}

type Seen = { readonly error: string } | Pick<Extract<Outcome, { value: unknown }>, 'value'>;

async function outcomeOf(call: () => Promise<readonly unknown[]>): Promise<Seen> {
  try {
    return { value: (await call()).map(brief) };
  } catch (error) {
    if (error instanceof ZooKeeperError) return { error: error.code };
    throw error;
  }
}

/** What the model knows of a result, too. */
function brief(result: unknown): unknown {
  const { op, path, stat, version, numChildren, cversion } = (result ?? {}) as Record<
    string,
    unknown
  >;
  if (result === null) return null;
  if (op === 'create') return String(path).replace(/^\/model-\d+/, '');
  if (op === 'set') return (stat as { version: number }).version;
  return op ?? { version, children: numChildren, cversion };
}
