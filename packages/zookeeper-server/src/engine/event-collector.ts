import { type Acl, Perms } from '@meshkeeper/jute';
import { isAllowed } from '../auth/access.ts';
import type { TreeListener } from '../tree/data-tree.ts';
import type { Notification, WatchTable } from '../watches/watch-table.ts';
import type { Client } from './client.ts';
import type { Event } from './outcome.ts';

/**
 * Fires watches for one transaction and keeps the events, in order. Who may not read the znode is
 * not told, but has used up a one-shot watch all the same, as in 3.9.
 */
export class EventCollector<C extends Client> implements TreeListener {
  readonly events: Event<C>[] = [];
  readonly #watches: WatchTable<C>;
  readonly #zxid: bigint;

  constructor(watches: WatchTable<C>, zxid: bigint) {
    this.#watches = watches;
    this.#zxid = zxid;
  }

  created(path: string, acl: readonly Acl[]): void {
    this.#keep(this.#watches.created(path), acl);
  }

  deleted(path: string, acl: readonly Acl[]): void {
    this.#keep(this.#watches.deleted(path), acl);
  }

  dataChanged(path: string, acl: readonly Acl[]): void {
    this.#keep(this.#watches.dataChanged(path), acl);
  }

  childrenChanged(path: string, acl: readonly Acl[]): void {
    this.#keep(this.#watches.childrenChanged(path), acl);
  }

  #keep(notifications: readonly Notification<C>[], acl: readonly Acl[]): void {
    for (const notification of notifications)
      if (isAllowed(acl, Perms.READ, notification.watcher.ids))
        this.events.push({ ...notification, zxid: this.#zxid });
  }
}
