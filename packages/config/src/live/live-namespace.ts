import { ConfigError } from '../config-error.ts';
import type { Digest } from '../content/chunk.ts';
import { diffTrees, join, type LoadChunks } from '../content/join.ts';
import type { Content, Entries } from '../model/content.ts';
import { patch } from '../model/diff.ts';
import { flatten } from '../model/flatten.ts';
import { chooseGray, type Instance } from '../model/gray.ts';
import type { ContentRef, GrayRecord, PointedRelease, Pointer } from '../store/records.ts';

/** A release in memory. */
interface Loaded {
  readonly content: ContentRef;
  readonly entries: Entries;
  readonly flat: Entries;
}

/** What an instance gets of a namespace. */
export interface Chosen {
  readonly release: number;
  readonly gray?: string;
  readonly entries: Entries;
  /** Tells what it holds from whatever else had this number. */
  readonly root: Digest;
}

/** A namespace with all releases that anybody gets now. It doesn't change. */
export class LiveNamespace {
  readonly pointer: Pointer;
  readonly #loaded: ReadonlyMap<string, Loaded>;

  private constructor(pointer: Pointer, loaded: ReadonlyMap<string, Loaded>) {
    this.pointer = pointer;
    this.#loaded = loaded;
  }

  /** Reads what a pointer points to. Of what `before` has only the differences are read. */
  static async load(
    pointer: Pointer,
    before: LiveNamespace | undefined,
    load: LoadChunks,
  ): Promise<LiveNamespace> {
    const loaded = new Map<string, Loaded>();
    for (const { content } of releasesOf(pointer)) {
      const name = nameOf(content);
      if (loaded.has(name)) continue;
      const kept = before === undefined ? undefined : await before.#near(content, load);
      loaded.set(name, kept ?? (await whole(content, load)));
    }
    return new LiveNamespace(pointer, loaded);
  }

  /**
   * What was read before, with contents by their names.
   * @throws ConfigError MALFORMED when that is not all that the pointer points to
   */
  static restore(pointer: Pointer, contents: ReadonlyMap<string, Entries>): LiveNamespace {
    const loaded = new Map<string, Loaded>();
    for (const { content } of releasesOf(pointer)) {
      const name = nameOf(content);
      const entries = contents.get(name) ?? new Map();
      if (entries.size !== content.keys)
        throw new ConfigError('MALFORMED', 'a release that was kept is not whole');
      loaded.set(name, loadedOf(content, entries));
    }
    return new LiveNamespace(pointer, loaded);
  }

  /** What somebody gets, each content once. */
  *contents(): Generator<ContentRef & { readonly entries: Entries }> {
    for (const { content, entries } of this.#loaded.values()) yield { ...content, entries };
  }

  /** What is released to all; undefined when nothing is. The schema is not here. */
  get content(): Content | undefined {
    const { head } = this.pointer;
    const loaded = head && this.#loaded.get(nameOf(head.content));
    return loaded && { format: loaded.content.format, entries: loaded.entries };
  }

  /** What an instance gets; undefined when nothing is published for it. */
  choose(instance: Instance): Chosen | undefined {
    const gray: GrayRecord | undefined = chooseGray(this.pointer.grays, instance);
    const release = gray?.release ?? this.pointer.head;
    if (release === undefined) return undefined;
    const loaded = this.#loaded.get(nameOf(release.content));
    if (loaded === undefined) throw new ConfigError('MALFORMED', 'a release was not read');
    const { number } = release;
    return {
      release: number,
      ...(gray && { gray: gray.name }),
      entries: loaded.flat,
      root: release.content.root,
    };
  }

  /** What is here already, or another content, read by what tells it from the head's. */
  async #near(content: ContentRef, load: LoadChunks): Promise<Loaded | undefined> {
    const same = this.#loaded.get(nameOf(content));
    if (same !== undefined) return same;
    const { head } = this.pointer;
    const base = head && this.#loaded.get(nameOf(head.content));
    if (base === undefined || base.content.format !== content.format) return undefined;
    try {
      const changes = await diffTrees(base.content.root, content.root, load);
      return loadedOf(content, patch(base.entries, changes));
    } catch (error) {
      // What it was is perhaps not kept any more.
      if (error instanceof ConfigError && error.code === 'NOT_FOUND') return undefined;
      throw error;
    }
  }
}

function* releasesOf({ head, grays }: Pointer): Generator<PointedRelease> {
  if (head !== undefined) yield head;
  for (const { release } of grays) yield release;
}

/** Names what a namespace has in memory. */
export function nameOf({ format, root }: Pick<ContentRef, 'format' | 'root'>): string {
  return `${format} ${root}`;
}

async function whole(content: ContentRef, load: LoadChunks): Promise<Loaded> {
  return loadedOf(content, await join(content.root, load));
}

function loadedOf(content: ContentRef, entries: Entries): Loaded {
  return { content, entries, flat: flatten({ format: content.format, entries }) };
}
