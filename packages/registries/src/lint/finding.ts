/** What is wrong with a registry. */
export type FindingCode =
  /** No instance, where one should be. */
  | 'malformed'
  /** An instance that nobody can reach. */
  | 'bad-address'
  /** More data than an instance has. */
  | 'too-large'
  /** A rule of which something isn't done. */
  | 'not-applied'
  /** It may not be read. */
  | 'unreadable'
  /** One address and port twice in a service. */
  | 'duplicate-address'
  /** One id for two instances of a service. */
  | 'duplicate-id'
  /** A service that no host name leads to, or not the one that is expected. */
  | 'unreachable-by-name'
  /** Metadata of a revision that no instance has. */
  | 'orphaned-revision'
  /** An interface that is mapped to applications without instances. */
  | 'orphaned-mapping'
  /** An instance whose metadata isn't where it says. */
  | 'missing-revision'
  /** A directory with nothing in it. */
  | 'empty-directory'
  /** Data that is nearly too much for ZooKeeper. */
  | 'large-data'
  /** More children than ZooKeeper will be able to list. */
  | 'many-children';

/** Something to be set right. */
export interface Finding {
  readonly code: FindingCode;
  /** An error keeps something from working now; a warning doesn't yet. */
  readonly severity: 'error' | 'warning';
  /** The registry's name. */
  readonly registry: string;
  /** Absolute znode path; undefined where no znode is to blame, but a service's name. */
  readonly path?: string;
  readonly service?: string;
  /** A sentence for people. */
  readonly message: string;
  /** What to do about it, as a sentence. */
  readonly fix: string;
  /** The version to be deleted, of what may be: see `collect`. */
  readonly collectable?: number;
}
