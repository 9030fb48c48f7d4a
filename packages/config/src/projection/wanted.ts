import type { Content } from '../model/content.ts';
import type { NamespaceRef } from '../model/names.ts';

/** A namespace as it is released. */
export interface Published extends NamespaceRef {
  readonly content: Content;
}

/** What could not be written as its readers would read it. */
export interface ProjectionProblem {
  readonly path: string;
  readonly message: string;
}

/** The znodes that a layout is made of. */
export interface Wanted {
  /** By path; parents are there too. */
  readonly nodes: ReadonlyMap<string, Buffer>;
  readonly problems: readonly ProjectionProblem[];
}

/** Bytes of a znode, at most: a server takes 1,048,575 of a request. */
const MAX_DATA = 1_000_000;

/** Collects znodes, and what is wrong with those that can't be. */
export class WantedNodes implements Wanted {
  readonly nodes = new Map<string, Buffer>();
  readonly problems: ProjectionProblem[] = [];

  /** A znode that others are below. */
  folder(path: string): void {
    if (!this.nodes.has(path)) this.nodes.set(path, Buffer.alloc(0));
  }

  /** A znode with a value, below a folder. */
  value(folder: string, name: string, text: string): void {
    const path = `${folder}/${name}`;
    const data = Buffer.from(text);
    const message = faultOf(name, data);
    if (message !== undefined) {
      this.problems.push({ path, message });
      return;
    }
    this.folder(folder);
    this.nodes.set(path, data);
  }

  /** Its readers would have to decrypt it. */
  secret(folder: string, name: string): void {
    this.problems.push({
      path: `${folder}/${name}`,
      message: 'is a secret: those are not written for others',
    });
  }
}

function faultOf(name: string, data: Buffer): string | undefined {
  if (name.includes('/')) return 'a key with a slash can not be the name of a znode';
  if (name === '.' || name === '..') return 'no znode may be called so';
  return data.length > MAX_DATA ? 'is longer than a znode may be' : undefined;
}
