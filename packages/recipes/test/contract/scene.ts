import assert from 'node:assert/strict';
import { type FaultProxy, startFaultProxy, until } from '@meshkeeper/testbed';
import { connect, isZooKeeperError, joinPath, type ZooKeeper } from '@meshkeeper/zookeeper';
import { Ledger } from './ledger.ts';
import { Player, ROOT } from './player.ts';
import type { Member, System } from './system.ts';

/** Granted to everybody, in milliseconds. */
export const SESSION_TIMEOUT = 2000;

/** A system with two players: `ann` behind fault proxies, one a member; `bob` straight at the members. */
export class Scene {
  readonly system: System;
  readonly ann: Player;
  readonly bob: Player;
  readonly proxies: readonly FaultProxy[];
  readonly mutex: Ledger;
  readonly latch: Ledger;
  readonly #observer: ZooKeeper;

  private constructor(
    system: System,
    proxies: readonly FaultProxy[],
    players: readonly [Player, Player],
    ledgers: readonly [Ledger, Ledger],
    observer: ZooKeeper,
  ) {
    this.system = system;
    this.proxies = proxies;
    [this.ann, this.bob] = players;
    [this.mutex, this.latch] = ledgers;
    this.#observer = observer;
  }

  static async set(system: System): Promise<Scene> {
    const { members } = system;
    const proxies = await Promise.all(members.map((target) => startFaultProxy({ target })));
    const direct = members.map(({ host, port }) => `${host}:${port}`).join();
    const open = (servers: string, random = Math.random) =>
      connect({ connect: servers, sessionTimeout: SESSION_TIMEOUT, onExpired: 'renew', random });
    const observer = await open(direct);
    await observer.create(`${ROOT}/passing`, null, { parents: true });
    const [mutex, latch] = [new Ledger(), new Ledger()];
    // High draws: a longer list of servers does not move it.
    const behind = await open(proxies.map((proxy) => proxy.connect).join(), () => 0.99);
    const players = [
      await Player.start(behind, 'ann', { mutex, latch }),
      await Player.start(await open(direct), 'bob', { mutex, latch }),
    ] as const;
    return new Scene(system, proxies, players, [mutex, latch], observer);
  }

  get players(): readonly [Player, Player] {
    return [this.ann, this.bob];
  }

  async #takeAnnTo(member: Member): Promise<void> {
    const { connect: server } = this.proxies[this.system.members.indexOf(member)]!;
    const { zk } = this.ann;
    zk.updateServers(server);
    await until(() => zk.state.type === 'connected' && zk.state.server === server);
    zk.updateServers(this.proxies.map((proxy) => proxy.connect).join());
  }

  /** Lets `ann` have the mutex and lead, from a connection to the member that leads the others. */
  async letAnnHold(): Promise<void> {
    await this.#takeAnnTo(await this.system.leader());
    const annHolds = () => this.mutex.holder === 'ann' && this.latch.holder === 'ann';
    await until(
      async () => {
        if (!annHolds()) await this.bob.stepDown();
        return annHolds();
      },
      { timeout: 20_000, interval: 100, message: 'ann holds the mutex and leads' },
    );
  }

  /** Waits until everything is as it should be, and looks whether all the time it was as it may be. */
  async isWell(): Promise<void> {
    for (const player of this.players) player.pauseWriting(true);
    await until(() => this.#look(), {
      timeout: 40_000,
      interval: 100,
      message: 'everything is established again',
    });
    for (const player of this.players) player.pauseWriting(false);
    assert.deepEqual([...this.mutex.violations, ...this.latch.violations], []);
  }

  /** @throws AssertionError that says what is not as it should be */
  async #look(): Promise<true> {
    const tree = await this.#tree();
    const expected = this.players.flatMap(({ sessionId, ephemerals }) => {
      assert.ok(sessionId !== undefined, 'connected');
      return ephemerals.map((name) => `${sessionId} ${name}`);
    });
    const found = [...tree].flatMap(([path, { ephemeralOwner }]) => {
      const name = path.slice(ROOT.length + 1).replace(/_c_[0-9a-f-]{36}-|\d{10}$/g, '');
      return ephemeralOwner === 0n ? [] : [`${ephemeralOwner} ${name}`];
    });
    assert.deepEqual(found.sort(), expected.sort());
    for (const ledger of [this.mutex, this.latch]) {
      assert.ok(ledger.holder !== undefined);
      assert.ok(tree.has(ledger.lease!.path));
    }
    assert.equal(this.players.filter(({ latch }) => latch.isLeader).length, 1);
    for (const { name, acknowledged, cache } of this.players) {
      assert.ok(Number(tree.get(`${ROOT}/data/${name}`)?.data) >= acknowledged);
      await cache.settled();
      const nodes = [...cache.nodes()].map(({ path, data, stat }) => [path, data, stat.mzxid]);
      const same = [...tree].map(([path, { data, mzxid }]) => [path, data, mzxid]);
      assert.deepEqual(nodes.sort(byPath), same.sort(byPath));
    }
    return true;
  }

  /** What the server has now. */
  async #tree() {
    const tree = new Map<
      string,
      { readonly data: Buffer; readonly mzxid: bigint; readonly ephemeralOwner: bigint }
    >();
    const read = async (path: string): Promise<void> => {
      try {
        const { data, stat } = await this.#observer.get(path);
        tree.set(path, { data, mzxid: stat.mzxid, ephemeralOwner: stat.ephemeralOwner });
        if (stat.numChildren === 0) return;
        const { children } = await this.#observer.children(path);
        await Promise.all(children.map((name) => read(joinPath(path, name))));
      } catch (error) {
        if (!isZooKeeperError(error, 'NO_NODE')) throw error;
      }
    };
    await this.#observer.sync(ROOT);
    await read(ROOT);
    return tree;
  }

  async close(): Promise<void> {
    for (const proxy of this.proxies) proxy.unstall();
    await Promise.all(this.players.map((player) => player.close()));
    await this.#observer.close();
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
    await this.system.close();
  }
}

function byPath([a]: readonly unknown[], [b]: readonly unknown[]): number {
  return String(a) < String(b) ? -1 : 1;
}
