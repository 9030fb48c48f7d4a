import type { Problem } from '@meshkeeper/mesh';
import { parentOf } from '@meshkeeper/zookeeper';

/**
 * The znodes that a reading was given, and what of them can't be used. Who has children is a
 * directory, whatever its data is: its problem waits until the last of them has gone.
 */
export class KnownZNodes {
  readonly #paths = new Set<string>();
  /** How many of a znode's children are known, if any. */
  readonly #children = new Map<string, number>();
  /** What can't be used as an instance, directories included. */
  readonly #unusable = new Map<string, Problem>();
  readonly #problems = new Map<string, Problem>();

  /** What is no instance and has no children, by path. */
  get problems(): ReadonlyMap<string, Problem> {
    return this.#problems;
  }

  has(path: string): boolean {
    return this.#paths.has(path);
  }

  /** Takes a znode that is new or was read again: nothing is wrong with it until it is said. */
  put(path: string): void {
    this.#clear(path);
    if (this.#paths.has(path)) return;
    this.#paths.add(path);
    this.#count(path, 1);
  }

  /** Takes one out; false when it wasn't known. */
  remove(path: string): boolean {
    this.#clear(path);
    if (!this.#paths.delete(path)) return false;
    this.#count(path, -1);
    return true;
  }

  /** Says why a znode that is known can't be used. */
  report(problem: Problem): void {
    this.#unusable.set(problem.path, problem);
    this.#look(problem.path);
  }

  #clear(path: string): void {
    this.#unusable.delete(path);
    this.#problems.delete(path);
  }

  #count(path: string, more: number): void {
    if (path === '/') return;
    const parent = parentOf(path);
    const children = (this.#children.get(parent) ?? 0) + more;
    if (children === 0) this.#children.delete(parent);
    else this.#children.set(parent, children);
    this.#look(parent);
  }

  #look(path: string): void {
    const problem = this.#children.has(path) ? undefined : this.#unusable.get(path);
    if (problem === undefined) this.#problems.delete(path);
    else this.#problems.set(path, problem);
  }
}
