import { DIALECTS, type Registration } from '@meshkeeper/registries';
import {
  CreateMode,
  connect,
  isZooKeeperError,
  type CreateMode as Mode,
  type ZooKeeper,
} from '@meshkeeper/zookeeper';

/** A registry of each dialect, and instances that are never touched in each. */
export const REGISTRIES = [
  { name: 'spring', dialect: 'spring', root: '/services' },
  { name: 'curator', dialect: 'curator', root: '/discovery' },
  { name: 'dubbo', dialect: 'dubbo', root: '/dubbo' },
  { name: 'serverset', dialect: 'serverset', root: '/members' },
  { name: 'nerve', dialect: 'nerve', root: '/nerve' },
  { name: 'd2', dialect: 'd2', root: '/d2' },
  { name: 'seed', dialect: 'apisix-seed', root: '/seed' },
] as const;
/** Where the directories of services are, in those that have them elsewhere than at the root. */
const DIRECTORIES: Readonly<Record<string, string>> = { d2: '/d2/uris' };
/** Those in whose names there is no `/`. */
const FLAT: ReadonlySet<string> = new Set(['dubbo', 'd2']);

/** What a write says: where, and what. */
export interface Write {
  /** Which of {@link REGISTRIES}. */
  readonly registry: number;
  readonly service: 'a' | 'b' | 'a/nested';
  readonly port: number;
  readonly kind: 'persistent' | 'ephemeral' | 'draining' | 'malformed' | 'empty' | 'below';
  /** At Dubbo's application level; in D2, with a service that is defined to be of the cluster. */
  readonly application: boolean;
}

/** They end when they are ended, in milliseconds. */
const SESSION = 60_000;

/** Writes that a tree may refuse, as it stands. */
const REFUSALS = ['NO_NODE', 'NODE_EXISTS', 'NOT_EMPTY', 'NO_CHILDREN_FOR_EPHEMERALS'] as const;

/** Writes into the trees of several registries, without ever waiting for one another. */
export class Writers implements AsyncDisposable {
  readonly #connect: string;
  #sessions: ZooKeeper[];
  readonly #paths: string[] = [];
  readonly #underWay: Promise<unknown>[] = [];

  private constructor(connect: string, sessions: ZooKeeper[]) {
    this.#connect = connect;
    this.#sessions = sessions;
  }

  static async start(connectString: string): Promise<Writers> {
    const open = () => connect({ connect: connectString, sessionTimeout: SESSION });
    return new Writers(connectString, await Promise.all([open(), open()]));
  }

  /** An instance in each registry that no other write touches; gives their services. */
  async anchor(): Promise<string[]> {
    const services: string[] = [];
    for (const [registry, { name }] of REGISTRIES.entries()) {
      const service = name === 'dubbo' ? 'com.foo.Anchor' : `anchor-${name}`;
      for (const { path, data } of entries({ registry, service, port: 9, application: false }))
        await this.#sessions[0]!.create(path, data, { parents: true });
      services.push(service);
    }
    return services;
  }

  /** Writes an instance, or what should be one. */
  put({ kind, service, ...write }: Write): void {
    const { name } = REGISTRIES[write.registry]!;
    const named = name === 'dubbo' ? `com.foo.${service}` : service;
    const health = kind === 'draining' ? 'draining' : undefined;
    const spoiled = kind === 'malformed' ? '{"port":' : '';
    const ephemeral = kind === 'ephemeral' || kind === 'draining';
    const flat = FLAT.has(name) ? named.replace('/', '.') : named;
    const [entry, ...beside] = entries({ ...write, service: flat, health });
    if (kind === 'below') this.#write(`${entry!.path}/below`, 'x', CreateMode.PERSISTENT);
    else if (kind === 'persistent') this.#write(entry!.path, entry!.data, CreateMode.PERSISTENT);
    else if (ephemeral) this.#write(entry!.path, entry!.data, CreateMode.EPHEMERAL);
    else {
      this.#write(entry!.path, spoiled, CreateMode.PERSISTENT);
      if (kind === 'malformed') this.#write(`${entry!.path}%3Frest`, spoiled, CreateMode.EPHEMERAL);
    }
    // What a revision of an application provides stays known to who has read it: whoever reads afresh
    // would know less if it were deleted. Dubbo never does that.
    for (const { path, data } of beside)
      this.#track(this.#sessions[0]!.create(path, data, { parents: true }));
  }

  /** Deletes something that was written once, and creates it again at once if told to. */
  delete(which: number, again: boolean): void {
    const path = this.#paths[which % this.#paths.length];
    if (path === undefined) return;
    const [zk] = this.#sessions;
    const before = zk!.get(path).catch(() => undefined);
    this.#track(zk!.delete(path));
    if (!again) return;
    this.#track(before.then((was) => was && zk!.create(path, was.data)));
  }

  /** Ends a session, and what it has created. */
  async endSession(which: number): Promise<void> {
    const at = which % this.#sessions.length;
    const fresh = await connect({ connect: this.#connect, sessionTimeout: SESSION });
    const old = this.#sessions[at]!;
    this.#sessions[at] = fresh;
    await old.close();
  }

  /** Whether a service has a directory in any of the registries. */
  async isDirectory(service: string): Promise<boolean> {
    const paths = REGISTRIES.map(({ name, root }) => `${DIRECTORIES[name] ?? root}/${service}`);
    const found = await Promise.all(paths.map((path) => this.#sessions[0]!.exists(path)));
    return found.some((stat) => stat !== null);
  }

  /** Waits until all is written. */
  async done(): Promise<void> {
    await Promise.all(this.#underWay.splice(0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.close()));
  }

  #write(path: string, data: string | Buffer, mode: Mode): void {
    const zk = this.#sessions[this.#paths.length % this.#sessions.length]!;
    this.#paths.push(path);
    this.#track(
      zk.create(path, data, { mode, parents: true }).catch((error) => {
        if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
        return zk.set(path, data);
      }),
    );
  }

  /** What the tree refuses was not to be written; so was what a session has not done before its end. */
  #track(written: Promise<unknown>): void {
    this.#underWay.push(
      written.catch((error) => {
        const refused = REFUSALS.some((code) => isZooKeeperError(error, code));
        if (!refused && !isZooKeeperError(error, 'CLOSED')) throw error;
      }),
    );
  }
}

/** The znodes of an instance, as its own library names them; numbered ones get their port as number. */
function entries({
  registry,
  service,
  port,
  health,
  application,
}: {
  readonly registry: number;
  readonly service: string;
  readonly port: number;
  readonly application: boolean;
  readonly health?: Registration['health'];
}): { path: string; data: Buffer }[] {
  const { dialect, root, name } = REGISTRIES[registry]!;
  const dubbo = name === 'dubbo';
  const says = health !== undefined && name !== 'nerve' && !(dubbo && application);
  const encoded = DIALECTS.get(dialect)!.encode(
    root,
    {
      ...{ service, address: `10.0.0.${port}`, port },
      ...(!dubbo && name !== 'serverset' && { id: `i${port}` }),
      ...(says && { health }),
      ...(dubbo && {
        protocol: 'dubbo' as const,
        metadata: {
          application: `app-${service}`,
          'register-mode': application ? 'instance' : 'interface',
        },
      }),
    },
    1_700_000_000_000,
  );
  const written = encoded.map(({ path, data, mode }) => {
    const numbered =
      mode === CreateMode.EPHEMERAL_SEQUENTIAL || mode === CreateMode.PERSISTENT_SEQUENTIAL;
    return { path: numbered ? `${path}${String(port).padStart(10, '0')}` : path, data };
  });
  if (name !== 'd2' || !application) return written;
  const definition = Buffer.from(JSON.stringify({ clusterName: service, path: '/' }));
  return [...written, { path: `${root}/services/of-${service}`, data: definition }];
}
