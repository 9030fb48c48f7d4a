import type { Endpoint, Health, Locality, Problem, Protocol, Service } from '@meshkeeper/mesh';
import type { CreateMode } from '@meshkeeper/zookeeper';
import type { ZNode } from './tree/tree-change.ts';

/**
 * A way to keep services in ZooKeeper: how it is read, written and recognised. Pure: who follows
 * the trees, resolves host names and talks to the catalog is `TreeSource`, for every dialect alike.
 * The built-in dialects are values of this type, and so is what a plug-in exports by default.
 */
export interface Dialect {
  /** What `dialect:` in the configuration says: `curator`. */
  readonly name: string;
  /**
   * Where the original keeps its services unless told otherwise. Undefined when it has to be told:
   * then a registry has to name its root.
   */
  readonly defaultRoot?: string;
  /** The trees that a registry with this root is read from, most often the root alone. */
  trees(root: string): readonly string[];
  /** A reading of a registry, before anything was read. */
  reading(options: ReadingOptions): Reading;
  /**
   * What a znode is by its content, for `discover`; undefined when it is not this dialect's. Called
   * with any znode of any tree.
   */
  recognise(node: ZNode): Recognised | undefined;
  /**
   * The znodes that register an instance, as the original would write them, the instance's own
   * first. Byte for byte what its readers expect.
   * @param now milliseconds since the epoch
   * @throws RegistryError UNWRITABLE when the dialect has no way to say it
   */
  encode(root: string, registration: Registration, now: number): readonly Entry[];
  /**
   * Of a dialect that keeps all instances of a service in one znode: that znode, with these of one
   * service and no others. `encode` adds one to it.
   * @throws RegistryError UNWRITABLE when the dialect has no way to say it
   */
  encodeService?(
    root: string,
    registrations: readonly Registration[],
  ): Pick<Entry, 'path' | 'data' | 'parents'>;
  /**
   * A registered instance with something changed; whatever else its znode says stays as it is. A
   * path that differs says that the old znode is replaced.
   * @throws RegistryError UNWRITABLE when the dialect has no way to say it
   */
  revise(entry: Pick<Entry, 'path' | 'data'>, revision: Revision): Pick<Entry, 'path' | 'data'>;
}

/** What a dialect is told of the registry that it reads. */
export interface ReadingOptions {
  /** The source's name, for `Origin.registry`. */
  readonly registry: string;
  readonly root: string;
  /** Of endpoints that state none. */
  readonly locality: Locality;
}

/**
 * What a dialect makes of the znodes that it was given: services whose endpoints' addresses may
 * still be host names. Never throws: what can't be used is a problem, and the rest is unaffected.
 */
export interface Reading {
  /** Takes a znode that is new or has changed; gives the names of the services that this changes. */
  put(node: ZNode): Iterable<string>;
  /** Takes the deletion of a znode; gives the names of the services that this changes. */
  remove(path: string): Iterable<string>;
  /** Names of all services. */
  readonly names: Iterable<string>;
  /** A service as it stands, its endpoints by id; undefined when there is none. */
  service(name: string): Service | undefined;
  /** What is no instance and should be one, by path. */
  readonly problems: ReadonlyMap<string, Problem>;
  /**
   * Whether a znode lists all instances of a service: who isn't in it any more was taken out of it, and
   * isn't lost.
   */
  lists?(path: string): boolean;
  /**
   * What is to be had elsewhere than in the trees, as of now: of a Dubbo application, the interfaces
   * that it tells when it is called. `TreeSource` fetches each once, bounded, and again after a while
   * where it failed.
   */
  readonly wants?: Iterable<Want>;
}

/** Something that a reading needs and can't get itself. */
export interface Want {
  /** What is wanted: two wants of one key are one. */
  readonly key: string;
  /** Gets it; gives what it changes, as `put` does. */
  fetch(signal: AbortSignal): Promise<() => Iterable<string>>;
}

/** What a znode was recognised as: an instance of a service. */
export interface Recognised {
  /**
   * The root that a registry would be configured with; undefined where an instance doesn't tell, and
   * any znode above its directory may be it.
   */
  readonly root: string | undefined;
  readonly service: string;
  /** How many instances it is. Default 1. */
  readonly instances?: number;
}

/** An instance to be registered. */
export interface Registration {
  readonly service: string;
  /** Default: what the original would take. */
  readonly id?: string;
  /** IP address or host name. */
  readonly address: string;
  readonly port: number;
  readonly protocol?: Protocol;
  readonly weight?: number;
  readonly health?: Health;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly locality?: Locality;
}

/** What may change of a registered instance. */
export type Revision = Pick<Registration, 'weight' | 'health' | 'metadata'>;

/** A znode of a registration. */
export interface Entry {
  /** With a sequential mode: without the number that ZooKeeper appends. */
  readonly path: string;
  readonly data: Buffer;
  readonly mode: CreateMode;
  /** What missing parents are created as; Curator's are containers. */
  readonly parents: 'persistent' | 'container';
  /**
   * Of a znode that many share: what its data becomes where it is there already, with this entry's
   * `own`; undefined when it may stay as it is. Such a znode isn't deleted with the instance.
   */
  readonly merge?: (data: Buffer, own: Buffer) => Buffer | undefined;
  /** Its data without this instance, where it holds instances; undefined when it may stay as it is. */
  readonly withdraw?: (data: Buffer, own: Buffer) => Buffer | undefined;
  /** Its readers don't see its data change: to say something else it is replaced by another. */
  readonly immutable?: true;
}

/** What a znode holds, where one znode is at most one instance. */
export type Decoded =
  | {
      readonly type: 'instance';
      /** Its address may be a host name. */
      readonly endpoint: Endpoint;
      /** Default `http`. */
      readonly protocol?: Protocol;
    }
  /** No instance, and none expected: an empty directory, or another dialect's znode. */
  | { readonly type: 'other' }
  | { readonly type: 'problem'; readonly problem: Problem };
