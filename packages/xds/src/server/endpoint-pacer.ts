/** Milliseconds from one push of a service's endpoints to the next, while its changes are few. */
const SHORT = 5;
/** And at most, while they don't end. */
const LONG = 20;

interface Window {
  /** When the service was pushed last. */
  readonly opened: number;
  /** When what is held goes out; when nothing is held, the window closes. */
  due: number;
  /** When the first change that is held came, and its revision; undefined when none is. */
  held: { readonly at: number; readonly revision: number } | undefined;
  removes: boolean;
}

/**
 * Decides when changes of endpoints go out, service by service: the first at once; those that follow
 * within 5 ms are held until there were none for 5 ms, at most 20 ms, and go out together. One that
 * takes an endpoint away ends the wait 5 ms after the last push, and goes out before the others.
 * Pure: no timers.
 */
export class EndpointPacer {
  readonly #windows = new Map<string, Window>();

  /** A service changed: true when that is to be pushed now. `removes` is asked only when it isn't. */
  offer(name: string, removes: () => boolean, revision: number, now: number): boolean {
    const window = this.#windows.get(name);
    if (window === undefined || (window.held === undefined && window.due <= now)) {
      this.#prune(now);
      this.#open(name, now);
      return true;
    }
    window.removes ||= removes();
    window.held ??= { at: now, revision };
    window.due = window.removes
      ? window.opened + SHORT
      : Math.min(window.held.at + LONG, now + SHORT);
    return false;
  }

  /** What is to be pushed now, the services that lost an endpoint first. */
  take(now: number): string[] {
    const removing: string[] = [];
    const others: string[] = [];
    for (const [name, window] of this.#windows) {
      if (window.held === undefined || window.due > now) continue;
      (window.removes ? removing : others).push(name);
    }
    const names = [...removing, ...others];
    for (const name of names) this.#open(name, now);
    return names;
  }

  /** When {@link take} is to be called next; undefined when nothing is held. */
  get due(): number | undefined {
    let first: number | undefined;
    for (const { held, due } of this.#windows.values())
      if (held !== undefined) first = Math.min(first ?? due, due);
    return first;
  }

  /** The services that it remembers. */
  get size(): number {
    return this.#windows.size;
  }

  /** The oldest revision of which something is held. */
  get heldSince(): number | undefined {
    let since: number | undefined;
    for (const { held } of this.#windows.values())
      if (held !== undefined) since = Math.min(since ?? held.revision, held.revision);
    return since;
  }

  /** A service was pushed: its window opens, as the newest. */
  #open(name: string, now: number): void {
    this.#windows.delete(name);
    this.#windows.set(name, { opened: now, due: now + SHORT, held: undefined, removes: false });
  }

  /** Forgets the services whose windows are over: they are in the order in which those opened. */
  #prune(now: number): void {
    for (const [name, { opened, held }] of this.#windows) {
      if (held !== undefined) continue;
      if (opened + SHORT > now) break;
      this.#windows.delete(name);
    }
  }
}
