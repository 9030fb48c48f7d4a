import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '../free-port.ts';
import { until } from '../until.ts';
import { ZooKeeperServer } from './server.ts';
import type { ZooKeeperOptions } from './server-options.ts';

/** How an ensemble is started. Ports and data folders are its own. */
export interface EnsembleOptions extends Omit<ZooKeeperOptions, 'port' | 'dataDir'> {
  /** Number of voting members. Default 3. */
  size?: number | undefined;
  /** More lines of one member's `zoo.cfg`, by its `myid`: ports of its own, for instance. */
  memberConfig?: ((id: number) => NonNullable<ZooKeeperOptions['config']>) | undefined;
}

/** A real ZooKeeper quorum on loopback ports. */
export interface Ensemble extends AsyncDisposable {
  /** The members, running or not; the first has `myid` 1. */
  readonly members: readonly ZooKeeperServer[];
  /** All members' addresses, comma-separated. */
  readonly connect: string;
  /** Waits until a member leads that quorum and serves, for 20 s at most, and returns it. */
  leader(options?: { signal?: AbortSignal | undefined }): Promise<ZooKeeperServer>;
  /** The running members that follow the leader now. */
  followers(options?: { signal?: AbortSignal | undefined }): Promise<ZooKeeperServer[]>;
  /** Ends all members and removes their data. */
  close(): Promise<void>;
}

/**
 * Starts a quorum of real ZooKeeper servers and waits until all of them serve. Three take a
 * second or two: share one between the tests of a file.
 *
 * @throws TestbedError `component-missing`, `start-failed`; the signal's reason.
 */
export async function startEnsemble(options: EnsembleOptions = {}): Promise<Ensemble> {
  const { size = 3, signal } = options;
  const ports = await freePorts(3 * size);
  const servers = Array.from({ length: size }, (_, index) => [
    `server.${index + 1}`,
    `127.0.0.1:${ports[size + index]}:${ports[2 * size + index]}`,
  ]);
  const config = { ...Object.fromEntries(servers), ...options.config };
  // A member that comes back asks for votes again after a second at most, not a minute.
  const properties = {
    'zookeeper.fastleader.maxNotificationInterval': 1_000,
    ...options.properties,
  };
  const members: ZooKeeperServer[] = [];
  try {
    for (const port of ports.slice(0, size)) {
      const own = { ...config, ...options.memberConfig?.(members.length + 1) };
      const member = await ZooKeeperServer.prepare({ ...options, config: own, properties }, port);
      members.push(member);
      await writeFile(join(member.dataDir, 'myid'), `${members.length}\n`);
    }
    await Promise.all(members.map((member) => member.start({ signal })));
    return new RunningEnsemble(members);
  } catch (error) {
    await Promise.all(members.map((member) => member.close()));
    throw error;
  }
}

class RunningEnsemble implements Ensemble {
  readonly members: readonly ZooKeeperServer[];
  readonly connect: string;

  constructor(members: readonly ZooKeeperServer[]) {
    this.members = members;
    this.connect = members.map((member) => member.connect).join(',');
  }

  leader(options: { signal?: AbortSignal | undefined } = {}): Promise<ZooKeeperServer> {
    const find = async (signal: AbortSignal) => (await this.#in('leader', signal))[0];
    return until(find, { ...options, timeout: 20_000, message: 'the ensemble has a leader' });
  }

  followers(options: { signal?: AbortSignal | undefined } = {}): Promise<ZooKeeperServer[]> {
    return this.#in('follower', options.signal);
  }

  async #in(mode: string, signal?: AbortSignal): Promise<ZooKeeperServer[]> {
    const modes = await Promise.all(
      // A member that is down or paused is in no mode.
      this.members.map((member) => member.mode({ signal }).catch(() => undefined)),
    );
    signal?.throwIfAborted();
    return this.members.filter((_, index) => modes[index] === mode);
  }

  async close(): Promise<void> {
    await Promise.all(this.members.map((member) => member.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
