import type { BridgeFault, Config } from '@meshkeeper/control-plane';
import type { Dialect, LintedRegistry, LintReport } from '@meshkeeper/registries';
import type { ConnectString, HostPort, ZooKeeper } from '@meshkeeper/zookeeper';
import { type ControlPlaneFlags, configurationOf } from '../configuration.ts';
import { fourLetterWord } from '../four-letter-word.ts';
import type { GlobalOptions } from '../global-options.ts';
import { Unknown } from './check.ts';

/** What `doctor` is told. */
export interface DoctorFlags extends ControlPlaneFlags {
  readonly envoy?: string | boolean;
  /** Bytes. */
  readonly maxBuffer: number;
}

/** A registry whose root is there. */
export type RootedRegistry = LintedRegistry & { readonly root: string };

/** How long anything that is asked may take to answer, in milliseconds. */
const ANSWER = 5_000;

/** The API's answer to a question. */
export interface ApiAnswer<T> {
  readonly status: number;
  /** What the time is there, in milliseconds since the epoch. */
  readonly date: number | undefined;
  /** When that was by this machine's clock. */
  readonly at: number;
  readonly body: T;
}

/** What checks know and ask. Each thing is found out once, when it is first asked for. */
export class Facts implements AsyncDisposable {
  readonly options: DoctorFlags & GlobalOptions;
  readonly #known = new Map<string, Promise<unknown>>();
  readonly #stack = new AsyncDisposableStack();

  constructor(options: DoctorFlags & GlobalOptions) {
    this.options = options;
  }

  /** The configuration as the control plane would read it. @throws ControlPlaneError */
  configuration(): Promise<Config> {
    return this.#once('configuration', () => configurationOf(this.options));
  }

  /** The same; where it can't be used, what the flags alone say. */
  config(): Promise<Config> {
    return this.#once('config', async () => {
      try {
        return await this.configuration();
      } catch {
        const { loadConfig } = await import('@meshkeeper/control-plane');
        const { zookeeper: connect } = this.options;
        return loadConfig({ flags: connect === undefined ? {} : { zookeeper: { connect } } });
      }
    });
  }

  /** What the ensemble is called. */
  async connectText(): Promise<string> {
    const { ensembleOf } = await import('@meshkeeper/control-plane');
    return ensembleOf(await this.config());
  }

  /** @throws Unknown when it can't be read */
  ensemble(): Promise<ConnectString> {
    return this.#once('ensemble', async () => {
      const { parseConnectString } = await import('@meshkeeper/zookeeper');
      try {
        return parseConnectString(await this.connectText());
      } catch {
        throw new Unknown('the connect string can not be read');
      }
    });
  }

  /** The servers of the ensemble, and what each says to `srvr`; an Error where it doesn't answer. */
  servers(): Promise<readonly { readonly server: HostPort; readonly said: string | Error }[]> {
    return this.#once('servers', async () => {
      const { hosts } = await this.ensemble();
      return Promise.all(
        hosts.map(async (server) => {
          const said = await fourLetterWord(server, 'srvr', ANSWER).catch((cause: Error) => cause);
          return { server, said };
        }),
      );
    });
  }

  /** A session, at the connect string's chroot. @throws Unknown when there is none to be had */
  zookeeper(): Promise<ZooKeeper> {
    return this.#once('zookeeper', async () => {
      const { connect } = await import('@meshkeeper/zookeeper');
      const { zookeeper } = await this.config();
      await this.ensemble();
      try {
        return this.#stack.use(
          await connect(
            {
              connect: await this.connectText(),
              sessionTimeout: zookeeper.sessionTimeout,
              canBeReadOnly: true,
            },
            { signal: AbortSignal.timeout(ANSWER) },
          ),
        );
      } catch {
        throw new Unknown('no session with ZooKeeper');
      }
    });
  }

  /** Registries that were configured by name, not those that are read when nothing is said. */
  async statedRegistries(): Promise<Config['registries']> {
    const { configSchema } = await import('@meshkeeper/control-plane');
    const { registries } = await this.config();
    const usual = configSchema.parse({}).registries;
    return JSON.stringify(registries) === JSON.stringify(usual) ? [] : registries;
  }

  /** The dialects that there are. */
  dialects(): Promise<ReadonlyMap<string, Dialect>> {
    return this.#once('dialects', async () => {
      const { loadDialects } = await import('@meshkeeper/control-plane');
      return loadDialects((await this.config()).plugins).catch(() => loadDialects([]));
    });
  }

  /** The registries of the main ensemble, with their roots; of the usual ones those that are there. */
  registries(): Promise<readonly RootedRegistry[]> {
    return this.#once('registries', async () => {
      const zk = await this.zookeeper();
      const dialects = await this.dialects();
      const { registries } = await this.config();
      const found: RootedRegistry[] = [];
      for (const { name, dialect: spoken, root, prefix, zookeeper } of registries) {
        const dialect = dialects.get(spoken);
        const at = root ?? dialect?.defaultRoot;
        if (dialect === undefined || at === undefined || zookeeper !== undefined) continue;
        if ((await zk.exists(at)) !== null) found.push({ name, dialect, root: at, prefix, zk });
      }
      return found;
    });
  }

  /** What keeps sources and destinations from working. @throws Unknown where there are none */
  platforms(): Promise<readonly BridgeFault[]> {
    return this.#once('platforms', async () => {
      const config = await this.config();
      const count = config.sources.length + config.destinations.length;
      if (count === 0) throw new Unknown('no sources and no destinations are configured');
      const { probeBridges } = await import('@meshkeeper/control-plane');
      return probeBridges(config, AbortSignal.timeout(2 * ANSWER));
    });
  }

  /** What `lint` finds in them. */
  lint(): Promise<LintReport> {
    return this.#once('lint', async () => {
      const registries = await this.registries();
      if (registries.length === 0) throw new Unknown('no registry to look at');
      const { lint } = await import('@meshkeeper/registries');
      return lint(registries, { maxBuffer: this.options.maxBuffer });
    });
  }

  /** What the API answers. @throws Unknown when nobody does */
  api<T>(path: string): Promise<ApiAnswer<T>> {
    return this.#once(`api ${path}`, async () => {
      const { server, token = process.env.MESHKEEPER_TOKEN } = this.options;
      let response: Response;
      try {
        response = await fetch(`${server.replace(/\/$/, '')}${path}`, {
          signal: AbortSignal.timeout(ANSWER),
          ...(token && { headers: { authorization: `Bearer ${token}` } }),
        });
      } catch (cause) {
        throw new Unknown('no control plane answers', { cause });
      }
      const date = Date.parse(response.headers.get('date') ?? '');
      return {
        status: response.status,
        date: Number.isNaN(date) ? undefined : date,
        at: Date.now(),
        // What the API answers is the API's to promise; T is what its documentation says.
        body: (await response.json().catch(() => ({}))) as T,
      };
    });
  }

  /** The same, of what is there only for those who may see it. @throws Unknown otherwise */
  async view<T>(path: string): Promise<T> {
    const { status, body } = await this.api<T>(`/api/v1${path}`);
    if (status !== 200) throw new Unknown(`the control plane answers ${status}`);
    return body;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  #once<T>(key: string, find: () => Promise<T>): Promise<T> {
    let known = this.#known.get(key);
    if (known === undefined) {
      known = find();
      known.catch(() => {}); // whoever asks is told
      this.#known.set(key, known);
    }
    // What was kept under a key is what was found out under it.
    return known as Promise<T>;
  }
}
