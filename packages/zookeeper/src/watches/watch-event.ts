/** What a watch tells. Paths are as the client sees them, without the chroot. */
export type WatchEvent =
  | {
      readonly type: 'created' | 'deleted' | 'changed' | 'children';
      readonly path: string;
      /** The transaction that caused it; -1 from servers before 3.9, which don't say. */
      readonly zxid: bigint;
    }
  /**
   * Events may have been missed: read again. After it a persistent watch goes on; a one-shot watch
   * has ended.
   */
  | { readonly type: 'reset' };

/** Called with each event of a watch, in the order of the server. Must not throw. */
export type Watcher = (event: WatchEvent) => void;
