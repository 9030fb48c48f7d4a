import { isZooKeeperError, persistently } from '@meshkeeper/zookeeper';
import { ConfigError } from '../config-error.ts';
import { type Actor, authorize } from '../model/actor.ts';
import { checkApplication, checkNamespace, type NamespaceRef } from '../model/names.ts';
import { changeNamespace } from './change-namespace.ts';
import type { StoreContext } from './context.ts';
import { foundApplication, NEW_APPLICATION } from './found.ts';
import { absent, readState } from './namespace-state.ts';
import { isName } from './paths.ts';
import {
  type ApplicationRecord,
  type DraftRecord,
  encode,
  type Pointer,
  parse,
} from './records.ts';
import { tagOf } from './tags.ts';

/** An application as it is. */
export interface Application extends ApplicationRecord {
  readonly application: string;
  /** For `If-Match`. */
  readonly tag: string;
}

/** A namespace without its entries. */
export interface Namespace extends NamespaceRef {
  readonly pointer: Pointer;
  readonly draft: DraftRecord | undefined;
  /** What an edit of its draft begins with. */
  readonly tag: string;
}

/** Applications, and which namespaces they have. */
export class Applications {
  readonly #context: StoreContext;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  /** The names of all, in order. */
  async list(signal: AbortSignal): Promise<string[]> {
    return this.#children(this.#context.paths.root, signal);
  }

  /** @throws ConfigError NOT_FOUND */
  async get(application: string, signal: AbortSignal): Promise<Application> {
    const { zk, paths } = this.#context;
    const path = paths.application(application);
    const read = await persistently(zk, () => absent(zk.get(path, { signal })), signal);
    if (read === undefined) throw noApplication(application);
    const record = parse('application', read.data, path);
    return { ...record, application, tag: `${read.stat.czxid}-${read.stat.version}` };
  }

  /**
   * Says what an application links to, and whether it takes two to publish. It is made if there is none.
   * @param tag what was seen; undefined when there was none, `*` for whatever is there
   * @throws ConfigError FORBIDDEN, NOT_VALID, STALE
   */
  async set(
    application: string,
    changes: Partial<ApplicationRecord>,
    tag: string | undefined,
    actor: Actor,
    signal: AbortSignal,
  ): Promise<Application> {
    authorize(actor, 'publish');
    // Who may loosen it is who may do all.
    if (changes.fourEyes !== undefined) authorize(actor, 'administer');
    for (const link of changes.links ?? []) {
      checkApplication(link.application);
      checkNamespace(link.namespace);
    }
    const { zk, paths, now, audit } = this.#context;
    const path = paths.application(application);
    if (tag === undefined && (await persistently(zk, () => zk.exists(path, { signal }), signal)))
      throw stale(application);
    await foundApplication(this.#context, application, signal);
    for (;;) {
      const read = await persistently(zk, () => zk.get(path, { signal }), signal);
      if (tag !== undefined && tag !== '*' && tag !== `${read.stat.czxid}-${read.stat.version}`)
        throw stale(application);
      const record = { ...parse('application', read.data, path), ...changes };
      const event = { action: 'application.set', actor: actor.name, at: now(), application };
      try {
        await zk.multi(
          [
            { op: 'set', path, data: encode('application', record), version: read.stat.version },
            ...audit(event),
          ],
          { signal },
        );
        return this.get(application, signal);
      } catch (error) {
        if (!isZooKeeperError(error, 'BAD_VERSION')) throw error;
        if (tag !== '*') throw stale(application);
      }
    }
  }

  /**
   * Says that an application is to be removed: from here on whoever has seen it before has seen another.
   * @throws ConfigError NOT_FOUND, STALE
   */
  async condemn(
    application: string,
    tag: string,
    actor: Actor,
    signal: AbortSignal,
  ): Promise<void> {
    const { zk, paths, now, audit } = this.#context;
    const path = paths.application(application);
    const seen = await this.get(application, signal);
    if (tag !== '*' && tag !== seen.tag) throw stale(application);
    // Links are gone first: what is taken from others is not what is removed.
    const data = encode('application', { links: [], fourEyes: seen.fourEyes });
    const version = tag === '*' ? -1 : Number(seen.tag.split('-')[1]);
    const event = { action: 'application.delete', actor: actor.name, at: now(), application };
    try {
      await zk.multi([{ op: 'set', path, data, version }, ...audit(event)], { signal });
    } catch (error) {
      if (isZooKeeperError(error, 'BAD_VERSION')) throw stale(application);
      if (isZooKeeperError(error, 'NO_NODE')) throw noApplication(application);
      throw error;
    }
  }

  /** Whether it takes two to publish. Of an application that isn't there: no. */
  async fourEyes(application: string, signal: AbortSignal): Promise<boolean> {
    try {
      return (await this.get(application, signal)).fourEyes;
    } catch (error) {
      if (error instanceof ConfigError && error.code === 'NOT_FOUND')
        return NEW_APPLICATION.fourEyes;
      throw error;
    }
  }

  /** The namespaces of an application, in order. */
  async namespaces(application: string, signal: AbortSignal): Promise<Namespace[]> {
    const names = await this.#children(this.#context.paths.application(application), signal);
    const all = await Promise.all(
      names.map((namespace) => this.namespace({ application, namespace }, signal)),
    );
    return all.filter((each) => each !== undefined);
  }

  /** A namespace; undefined when there is none. */
  async namespace(ref: NamespaceRef, signal: AbortSignal): Promise<Namespace | undefined> {
    const { zk, paths } = this.#context;
    const state = await readState(zk, paths.namespace(ref), signal);
    if (state === undefined || state.pointer.deleted) return undefined;
    return { ...ref, pointer: state.pointer, draft: state.draft, tag: tagOf(state) };
  }

  /** Says whether others may link to a namespace. @throws ConfigError FORBIDDEN, NOT_FOUND */
  async setPublic(
    ref: NamespaceRef,
    isPublic: boolean,
    actor: Actor,
    signal: AbortSignal,
  ): Promise<void> {
    authorize(actor, 'publish');
    await changeNamespace(this.#context, { ref, signal, create: true }, ({ pointer }) => ({
      pointer: { ...pointer, public: isPublic },
      event: { action: 'namespace.public', actor: actor.name, details: { public: isPublic } },
      result: undefined,
    }));
  }

  async #children(path: string, signal: AbortSignal): Promise<string[]> {
    const { zk } = this.#context;
    try {
      const { children } = await persistently(zk, () => zk.children(path, { signal }), signal);
      return children.filter(isName).sort();
    } catch (error) {
      if (isZooKeeperError(error, 'NO_NODE')) return [];
      throw error;
    }
  }
}

function noApplication(application: string): ConfigError {
  return new ConfigError('NOT_FOUND', `there is no application ${application}`);
}

function stale(application: string): ConfigError {
  return new ConfigError('STALE', `the application ${application} is another now: read it again`);
}
