import { parentOf } from '../path.ts';

/** What a mirror has to do: znodes to read, lists to read, and a walk of znodes to compare. Pure. */
export class Workload {
  readonly #toRead = new Set<string>();
  /** By parent: children of it that are to be read. Walks, because there may be very many. */
  readonly #toFill = new Map<string, Iterator<string>>();
  readonly #toList = new Set<string>();
  #walk: Iterator<string> | undefined;
  #underWay = new Map<string, number>();

  /** Nothing to do and nothing under way. */
  get done(): boolean {
    return (
      this.#toRead.size === 0 &&
      this.#toFill.size === 0 &&
      this.#toList.size === 0 &&
      this.#walk === undefined &&
      this.#underWay.size === 0
    );
  }

  /** Whether something is to be read or under way at a path: what is known of it may be old. */
  concerns(path: string): boolean {
    return (
      this.#toRead.has(path) ||
      this.#toList.has(path) ||
      this.#underWay.has(path) ||
      this.#toFill.has(parentOf(path))
    );
  }

  read(path: string): void {
    this.#toRead.add(path);
  }

  /** Reads these children, in place of what an earlier walk had left. */
  fill(parent: string, children: Iterable<string>): void {
    this.#toFill.set(parent, children[Symbol.iterator]());
  }

  list(path: string): void {
    this.#toList.add(path);
  }

  /** Compares all of these, in place of what an earlier walk had left. */
  compare(paths: Iterable<string>): void {
    this.#walk = paths[Symbol.iterator]();
  }

  /** Up to `most` paths to read; they are under way from now on, until `over`. */
  takeReads(most: number): string[] {
    const taken: string[] = [];
    for (const path of this.#toRead) {
      if (taken.length === most) break;
      this.#toRead.delete(path);
      taken.push(this.#begin(path));
    }
    for (const [parent, children] of this.#toFill) {
      while (taken.length < most) {
        const { value, done } = children.next();
        if (done) {
          this.#toFill.delete(parent);
          break;
        }
        taken.push(this.#begin(value));
      }
    }
    return taken;
  }

  takeList(): string | undefined {
    for (const path of this.#toList) {
      this.#toList.delete(path);
      return this.#begin(path);
    }
    return undefined;
  }

  takeComparison(): string | undefined {
    const next = this.#walk?.next();
    if (next === undefined) return undefined;
    if (!next.done) return this.#begin(next.value);
    this.#walk = undefined;
    return undefined;
  }

  /** What was taken is dealt with. */
  over(paths: Iterable<string>): void {
    for (const path of paths) {
      const left = this.#underWay.get(path)! - 1;
      if (left > 0) this.#underWay.set(path, left);
      else this.#underWay.delete(path);
    }
  }

  #begin(path: string): string {
    this.#underWay.set(path, (this.#underWay.get(path) ?? 0) + 1);
    return path;
  }
}
