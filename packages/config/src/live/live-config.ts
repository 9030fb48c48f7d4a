import type { Logger, ZooKeeper } from '@meshkeeper/zookeeper';
import { layersOf } from '../model/layers.ts';
import {
  checkApplication,
  checkNamespace,
  type NamespaceRef,
  refText,
  SHARED_APPLICATION,
} from '../model/names.ts';
import { type Layer, type Resolution, resolve } from '../model/resolve.ts';
import type { Published as PublishedNamespace } from '../projection/wanted.ts';
import { CONFIG_ROOT, Paths } from '../store/paths.ts';
import type { ApplicationRecord, Pointer } from '../store/records.ts';
import type { LiveImage } from './image.ts';
import type { LiveNamespace } from './live-namespace.ts';
import type { Resolved, ResolvedLayer, ResolveRequest } from './resolved.ts';
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

/** Resolutions that are remembered: instances mostly get the same. */
const REMEMBERED = 256;

/**
 * What every instance gets, in memory, kept by a watch. While ZooKeeper is away it is what it was, and
 * says that it is stale.
 */
export class LiveConfig implements AsyncDisposable {
  readonly #shared: string;
  readonly #zk: ZooKeeper;
  readonly #paths: Paths;
  readonly #applications = new Map<string, ApplicationRecord>();
  readonly #namespaces = new Map<string, LiveNamespace>();
  /** By the releases that they are made of, and what those hold. */
  readonly #resolutions = new Map<string, Resolution>();
  /** What was told since anything was another, by who asks. */
  readonly #answers = new Map<string, Resolved>();
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
    this.#shared = shared;
    this.#paths = new Paths(root);
    this.#ready.promise.catch(() => {}); // for those who wait
    if (restored !== undefined) {
      for (const [name, record] of restored.applications) this.#applications.set(name, record);
      for (const [name, namespace] of restored.namespaces) this.#namespaces.set(name, namespace);
      this.#revision = restored.revision;
      this.#known = true;
    }
    const follower = new TreeFollower({
      zk,
      paths: this.#paths,
      logger,
      known: (ref) => this.#namespaces.get(refText(ref)),
      knownPaths: () => this.#knownPaths(),
      handlers: {
        application: (name, record) => {
          if (record === undefined) this.#applications.delete(name);
          else this.#applications.set(name, record);
          this.#changed(name);
        },
        namespace: (ref, namespace) => {
          if (namespace === undefined) this.#namespaces.delete(refText(ref));
          else this.#namespaces.set(refText(ref), namespace);
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
    return [...this.#applications.keys()].sort();
  }

  /** All namespaces as they are released to all. */
  *published(): Generator<PublishedNamespace> {
    for (const [text, namespace] of this.#namespaces) {
      const [application = '', name = ''] = text.split('/');
      const { content } = namespace;
      if (content !== undefined) yield { application, namespace: name, content };
    }
  }

  /** All of it as it is now. */
  get image(): LiveImage {
    return {
      revision: this.#revision,
      applications: new Map(this.#applications),
      namespaces: new Map(this.#namespaces),
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
  resolve({ application, profiles = [], instance = {} }: ResolveRequest): Resolved {
    checkApplication(application);
    profiles.forEach(checkNamespace);
    const { stale } = this;
    const asked = `${application} ${profiles.join(' ')}`;
    const told = this.#told(asked, stale);
    if (told !== undefined) return told;
    const layers: Layer[] = [];
    const names: string[] = [];
    let forSome = false;
    for (const ref of this.#layersOf(application, profiles)) {
      const namespace = this.#namespaces.get(refText(ref));
      forSome ||= (namespace?.pointer.grays.length ?? 0) > 0;
      const chosen = namespace?.choose(instance);
      if (chosen === undefined) continue;
      const { root, ...layer } = chosen;
      layers.push({ ...ref, ...layer });
      names.push(`${refText(ref)} ${layer.release} ${layer.gray ?? ''} ${root}`);
    }
    const name = names.join('\n');
    // Of those for whom there are gray releases, the same is for those who get the same of them.
    const shared = forSome ? `${asked}\n${name}` : asked;
    const known = forSome ? this.#told(shared, stale) : undefined;
    if (known !== undefined) return known;
    const resolved: Resolved = {
      application,
      profiles,
      ...this.#resolution(name, layers),
      revision: this.#revision,
      stale,
      layers: layers.map(({ entries: _, ...layer }): ResolvedLayer => layer),
    };
    remember(this.#answers, shared, resolved);
    return resolved;
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
    const isSeen = () => is(this.#namespaces.get(refText(ref))?.pointer);
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

  #layersOf(application: string, profiles: readonly string[]): readonly NamespaceRef[] {
    const links = this.#linksOf(application).filter(
      (link) => this.#namespaces.get(refText(link))?.pointer.public,
    );
    return layersOf({ application, profiles, links, shared: this.#shared });
  }

  #linksOf(application: string): readonly NamespaceRef[] {
    return this.#applications.get(application)?.links ?? [];
  }

  /** What was told before, if it is what would be told now. */
  #told(asked: string, stale: boolean): Resolved | undefined {
    const told = this.#answers.get(asked);
    return told?.revision === this.#revision && told.stale === stale ? told : undefined;
  }

  /** Tells those who wait, once for all that changes in a turn. @param application undefined: all */
  #changed(application?: string): void {
    this.#version++;
    this.#answers.clear();
    const isFirst = this.#touched?.size === 0;
    if (application === undefined) this.#touched = undefined;
    else this.#touched?.add(application);
    if (!isFirst) return;
    queueMicrotask(() => {
      const touched = this.#touched;
      this.#touched = new Set();
      const isTouched = (name: string) => touched === undefined || touched.has(name);
      const concerns = (name: string) =>
        [name, this.#shared].some(isTouched) ||
        this.#linksOf(name).some((link) => isTouched(link.application));
      void this.#waiting.tell(concerns, (request) => this.resolve(request));
      for (const listener of [...this.#listeners]) listener();
    });
  }

  #resolution(name: string, layers: readonly Layer[]): Resolution {
    let found = this.#resolutions.get(name);
    if (found === undefined) {
      found = resolve(layers);
      remember(this.#resolutions, name, found);
    }
    return found;
  }

  *#knownPaths(): Generator<string> {
    for (const name of this.#applications.keys()) yield this.#paths.application(name);
    for (const text of this.#namespaces.keys()) {
      const [application = '', namespace = ''] = text.split('/');
      yield this.#paths.namespace({ application, namespace }).pointer;
    }
  }
}

/** Adds what is newest; the oldest is forgotten when there are many. */
function remember<T>(all: Map<string, T>, name: string, value: T): void {
  all.set(name, value);
  const [oldest] = all.keys();
  if (all.size > REMEMBERED && oldest !== undefined) all.delete(oldest);
}
