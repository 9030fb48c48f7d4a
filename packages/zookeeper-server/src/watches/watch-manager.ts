/** How long and how far a watch watches; a watcher may have several on one path. */
export const WatchMode = { STANDARD: 1, PERSISTENT: 2, RECURSIVE: 4 } as const;
export type WatchMode = (typeof WatchMode)[keyof typeof WatchMode];

/**
 * Who watches which path, for one kind of watch. `W` is whatever stands for a watcher. All
 * operations cost as much as there are watchers on the path, and a trigger also as much as the path
 * is deep while recursive watches exist.
 */
export class WatchManager<W> {
  readonly #byPath = new Map<string, Map<W, number>>();
  readonly #byWatcher = new Map<W, Set<string>>();
  #recursive = 0;

  /** Number of pairs of path and watcher. */
  get size(): number {
    let size = 0;
    for (const paths of this.#byWatcher.values()) size += paths.size;
    return size;
  }

  get paths(): number {
    return this.#byPath.size;
  }

  get watchers(): number {
    return this.#byWatcher.size;
  }

  add(path: string, watcher: W, mode: WatchMode): void {
    let watchers = this.#byPath.get(path);
    if (watchers === undefined) {
      watchers = new Map();
      this.#byPath.set(path, watchers);
    }
    const before = watchers.get(watcher) ?? 0;
    if ((before & mode) !== 0) return;
    watchers.set(watcher, before | mode);
    if (mode === WatchMode.RECURSIVE) this.#recursive++;
    if (before !== 0) return;
    const paths = this.#byWatcher.get(watcher);
    if (paths) paths.add(path);
    else this.#byWatcher.set(watcher, new Set([path]));
  }

  /** Whether the watcher has a watch of this mode there, or of any. */
  has(path: string, watcher: W, mode?: WatchMode): boolean {
    const modes = this.#byPath.get(path)?.get(watcher) ?? 0;
    return mode === undefined ? modes !== 0 : (modes & mode) !== 0;
  }

  /** Takes a watch of this mode away, or all of them; false if there was none. */
  remove(path: string, watcher: W, mode?: WatchMode): boolean {
    const before = this.#byPath.get(path)?.get(watcher) ?? 0;
    const after = mode === undefined ? 0 : before & ~mode;
    if (after === before) return false;
    this.#set(path, watcher, before, after);
    return true;
  }

  /** Takes everything of a watcher away: its connection is gone. */
  removeWatcher(watcher: W): void {
    for (const path of this.#byWatcher.get(watcher) ?? [])
      this.#set(path, watcher, this.#byPath.get(path)?.get(watcher) ?? 0, 0);
  }

  /** Who has to be told about something at a path; one-shot watches are used up by it. */
  trigger(path: string): Set<W> | undefined {
    let told: Set<W> | undefined;
    const here = this.#byPath.get(path);
    if (here) {
      told = new Set(here.keys());
      for (const [watcher, modes] of here)
        if ((modes & WatchMode.STANDARD) !== 0)
          this.#set(path, watcher, modes, modes & ~WatchMode.STANDARD);
    }
    if (this.#recursive === 0) return told;
    for (let at = path; at !== '/'; ) {
      at = at.slice(0, at.lastIndexOf('/')) || '/';
      const above = this.#byPath.get(at);
      if (above === undefined) continue;
      for (const [watcher, modes] of above) {
        if ((modes & WatchMode.RECURSIVE) === 0) continue;
        told ??= new Set();
        told.add(watcher);
      }
    }
    return told;
  }

  #set(path: string, watcher: W, before: number, after: number): void {
    if ((before & ~after & WatchMode.RECURSIVE) !== 0) this.#recursive--;
    const watchers = this.#byPath.get(path);
    if (after !== 0) {
      watchers?.set(watcher, after);
      return;
    }
    watchers?.delete(watcher);
    if (watchers?.size === 0) this.#byPath.delete(path);
    const paths = this.#byWatcher.get(watcher);
    paths?.delete(path);
    if (paths?.size === 0) this.#byWatcher.delete(watcher);
  }
}
