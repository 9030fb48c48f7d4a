import type { Dialect, Reading } from '../dialect.ts';
import type { ZNode } from '../tree/tree-change.ts';

/** A registry as it was read, once and completely. */
export interface RegistryRead {
  readonly name: string;
  readonly dialect: Dialect;
  readonly root: string;
  /** Put before each service's name. */
  readonly prefix: string;
  /** All there is in its trees, by path. */
  readonly nodes: ReadonlyMap<string, ZNode>;
  /** Why what can't be read can't, by path. */
  readonly unreadable: ReadonlyMap<string, string>;
  /** What the dialect makes of it, without what is mirrored. */
  readonly reading: Reading;
  readonly instances: readonly LintedInstance[];
}

/** What one znode says of an instance of a service. */
export interface LintedInstance {
  readonly registry: string;
  readonly path: string;
  /** In the catalog. */
  readonly service: string;
  readonly id: string;
  readonly address: string;
  readonly port: number;
  /** Dubbo's name for what is spoken there; empty when it isn't told. */
  readonly protocol: string;
}
