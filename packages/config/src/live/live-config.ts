import type { Logger, ZooKeeper } from '@meshkeeper/zookeeper';
import { type NamespaceRef, refText, SHARED_APPLICATION } from '../model/names.ts';
import type { Published as PublishedNamespace } from '../projection/wanted.ts';
import { CONFIG_ROOT, Paths } from '../store/paths.ts';
import type { Pointer } from '../store/records.ts';
import type { LiveImage } from './image.ts';
import type { Resolved, ResolveRequest } from './resolved.ts';
import { Resolver } from './resolver.ts';
import { TreeFollower } from './tree-follower.ts';
import { Waiting } from './waiting.ts';

/** What it is opened with. */
export interface LiveConfigOptions {
  readonly zk: ZooKeeper;
  /** Default `/meshkeeper/config`. */
  readonly root?: string;
  readonly logger: Logger;
  /** The application that all others share. Default `application`. */
  readonly shared?: string;
  /** What was known before: it is served, as stale, until ZooKeeper tells what there is. */
  readonly restored?: LiveImage;
}

/**
 * What every instance gets, in memory, kept by a watch. While ZooKeeper is away it is what it was, and
 * says that it is stale.
 */
export class LiveConfig implements AsyncDisposable {
  readonly #zk: ZooKeeper;
  readonly #paths: Paths;
  readonly #resolver: Resolver;
  /** Who is told of all changes. */
  readonly #listeners = new Set<() => void>();
  /** Who waits for what is another. */
  readonly #waiting = new Waiting();
  /** Applications that have changed, and nobody was told; undefined: all. */
  #touched: Set<string> | undefined = new Set();
  readonly #stop = new AbortController();
  readonly #ready = Promise.withResolvers<void>();
  readonly #following: Promise<void>;
  #complete = false;
  #known = false;
  /** Counts what has changed here. */
  #version = 0;
  #revision = 0n;
  /** Something was read: a revision that was kept counts for nothing then. */
  #seen = false;

  constructor({
    zk,
    root = CONFIG_ROOT,
    logger,
    shared = SHARED_APPLICATION,
    restored,
  }: LiveConfigOptions) {
    this.#zk = zk;
    this.#resolver = new Resolver(shared);
    this.#paths = new Paths(root);
    this.#ready.promise.catch(() => {}); // for those who wait
    const { applications, namespaces } = this.#resolver;
    if (restored !== undefined) {
      for (const [name, record] of restored.applications) applications.set(name, record);
      for (const [name, namespace] of restored.namespaces) namespaces.set(name, namespace);
      this.#revision = restored.revision;
      this.#known = true;
    }
    const follower = new TreeFollower({
      zk,
      paths: this.#paths,
      logger,
      known: (ref) => namespaces.get(refText(ref)),
      knownPaths: () => this.#knownPaths(),
      handlers: {
        application: (name, record) => {
          if (record === undefined) applications.delete(name);
          else applications.set(name, record);
          this.#changed(name);
        },
        namespace: (ref, namespace) => {
          if (namespace === undefined) namespaces.delete(refText(ref));
          else namespaces.set(refText(ref), namespace);
          this.#changed(ref.application);
        },
        complete: () => {
          this.#complete = true;
          this.#known = true;
          this.#ready.resolve();
          this.#changed();
        },
        gap: () => {
          this.#complete = false;
        },
        seen: (zxid) => {
          if (zxid > this.#revision || !this.#seen) this.#revision = zxid;
          this.#seen = true;
        },
      },
    });
    const { signal } = this.#stop;
    this.#following = follower.run(signal).then(
      () => this.#ready.reject(signal.reason),
      (error: unknown) => {
        if (!signal.aborted)
          logger.warn({ err: error }, 'configuration can not be followed any more');
        this.#complete = false;
        this.#ready.reject(error);
      },
    );
  }

  /** True once everything was read. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** False until everything was read once, now or before: then nothing can be told. */
  get known(): boolean {
    return this.#known;
  }

  /** There may be something newer than what is here. */
  get stale(): boolean {
    return !this.#complete || this.#zk.state.type !== 'connected';
  }

  /** The names of all applications, in order. */
  get applications(): readonly string[] {
    return [...this.#resolver.applications.keys()].sort();
  }

  /** All namespaces as they are released to all. */
  *published(): Generator<PublishedNamespace> {
    for (const [text, namespace] of this.#resolver.namespaces) {
      const [application = '', name = ''] = text.split('/');
      const { content } = namespace;
      if (content !== undefined) yield { application, namespace: name, content };
    }
  }

  /** All of it as it is now. */
  get image(): LiveImage {
    return {
      revision: this.#revision,
      applications: new Map(this.#resolver.applications),
      namespaces: new Map(this.#resolver.namespaces),
    };
  }

  /** Calls `listener` after each change, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * What an instance gets now; the same object for all who get the same, until anything changes.
   * @throws ConfigError NOT_VALID for names that can't be
   */
  resolve(request: ResolveRequest): Resolved {
    return this.#resolver.resolve(request, { revision: this.#revision, stale: this.stale });
  }

  /** What an instance gets, and whenever that is another; of several changes perhaps only the last. */
  async *changes(request: ResolveRequest, signal: AbortSignal): AsyncGenerator<Resolved> {
    let version = this.#version;
    let resolved: Resolved | undefined = this.resolve(request);
    while (resolved !== undefined && !signal.aborted) {
      const { digest }: Resolved = resolved;
      yield resolved;
      // It may have changed meanwhile.
      const now: Resolved | undefined =
        this.#version === version ? undefined : this.resolve(request);
      const isOther: boolean = now !== undefined && now.digest !== digest;
      resolved = isOther ? now : await this.#another(request, digest, signal);
      version = this.#version;
    }
  }

  /**
   * Calls `tell` once with what an instance gets, as soon as it is not what has this digest, as it has now;
   * never when the returned function is called before.
   */
  onOther(request: ResolveRequest, digest: string, tell: (resolved: Resolved) => void): () => void {
    return this.#waiting.add(request, digest, tell);
  }

  /** Resolves when a release of a namespace, or a later one, is seen here; or the signal aborts. */
  async seen(ref: NamespaceRef, release: number, signal: AbortSignal): Promise<void> {
    await this.pointed(
      ref,
      (pointer) => {
        const numbers = [pointer?.head?.number ?? 0];
        for (const gray of pointer?.grays ?? []) numbers.push(gray.release.number);
        return Math.max(...numbers) >= release;
      },
      signal,
    );
  }

  /** Resolves when what is seen here of a namespace is as it is to be; or the signal aborts. */
  async pointed(
    ref: NamespaceRef,
    is: (pointer: Pointer | undefined) => boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const isSeen = () => is(this.#resolver.namespaces.get(refText(ref))?.pointer);
    if (isSeen() || signal.aborted) return;
    const { promise, resolve: done } = Promise.withResolvers<void>();
    const off = this.onChange(() => {
      if (isSeen()) done();
    });
    const abort = () => done();
    signal.addEventListener('abort', abort, { once: true });
    try {
      await promise;
    } finally {
      off();
      signal.removeEventListener('abort', abort);
    }
  }

  /** Ends it. Idempotent. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The next that is another than this, which is what it is now; undefined when the signal aborts. */
  async #another(
    request: ResolveRequest,
    digest: string,
    signal: AbortSignal,
  ): Promise<Resolved | undefined> {
    if (signal.aborted) return undefined;
    const { promise, resolve: done } = Promise.withResolvers<Resolved | undefined>();
    const leave = this.onOther(request, digest, done);
    const abort = () => done(undefined);
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await promise;
    } finally {
      leave();
      signal.removeEventListener('abort', abort);
    }
  }

  /** Tells those who wait, once for all that changes in a turn. @param application undefined: all */
  #changed(application?: string): void {
    this.#version++;
    this.#resolver.changed();
    const isFirst = this.#touched?.size === 0;
    if (application === undefined) this.#touched = undefined;
    else this.#touched?.add(application);
    if (!isFirst) return;
    queueMicrotask(() => {
      const touched = this.#touched;
      this.#touched = new Set();
      const isTouched = (name: string) => touched === undefined || touched.has(name);
      const concerns = (name: string) => this.#resolver.concerns(name, isTouched);
      void this.#waiting.tell(concerns, (request) => this.resolve(request));
      for (const listener of [...this.#listeners]) listener();
    });
  }

  *#knownPaths(): Generator<string> {
    for (const name of this.#resolver.applications.keys()) yield this.#paths.application(name);
    for (const text of this.#resolver.namespaces.keys()) {
      const [application = '', namespace = ''] = text.split('/');
      yield this.#paths.namespace({ application, namespace }).pointer;
    }
  }
}
