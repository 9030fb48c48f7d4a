import { ConfigError, notValid } from '../config-error.ts';
import { type Actor, authorize } from '../model/actor.ts';
import { type GrayRule, ruleFaults } from '../model/gray.ts';
import { checkName, type NamespaceRef, refText } from '../model/names.ts';
import { changeNamespace } from './change-namespace.ts';
import { diffContents } from './contents.ts';
import type { StoreContext } from './context.ts';
import { encode, type GrayRecord, type Pointer } from './records.ts';
import {
  checkBase,
  type Published,
  type Release,
  type Releases,
  releaseOf,
  releaseRecord,
} from './releases.ts';

/** What is said of a gray release, and may be changed. */
export interface GraySettings {
  readonly rules?: readonly GrayRule[] | undefined;
  /** The lower is asked first; of the same, the older. Default 0. */
  readonly order?: number | undefined;
  /** Signals that end it. */
  readonly abandonOn?: readonly string[] | undefined;
  /** When it ends by itself, in milliseconds since the epoch; null for never. */
  readonly until?: number | null | undefined;
}

/** A gray release to be made of the draft. */
export interface NewGray extends GraySettings {
  readonly name: string;
  readonly rules: readonly GrayRule[];
  /** With the same salt two percentages are of the same instances. Default: of its own. */
  readonly salt?: string | undefined;
  readonly message?: string | undefined;
  /** Nothing but the draft that was seen: its tag. */
  readonly tag?: string | undefined;
}

/** Gray releases of a namespace, at most: each of its readers asks the rules of all. */
const MAX_GRAYS = 16;
/** Bytes of a namespace's pointer, at most. */
const MAX_POINTER = 256 * 1024;

/** Releases for some instances, until they are for all or for none. */
export class Grays {
  readonly #context: StoreContext;
  readonly #releases: Releases;

  constructor(context: StoreContext, releases: Releases) {
    this.#context = context;
    this.#releases = releases;
  }

  /**
   * Makes the draft a release for those that its rules match.
   * @throws ConfigError FORBIDDEN, NOT_FOUND, NOT_VALID, TOO_LARGE; CONFLICT when there is one of that
   * name, or the head has moved since the draft's base
   */
  async create(
    ref: NamespaceRef,
    { name, salt, message, tag, ...settings }: NewGray,
    actor: Actor,
    signal: AbortSignal,
  ): Promise<{ readonly gray: GrayRecord; readonly release: Release }> {
    checkName(name, 'gray release');
    checkSettings(settings);
    const { chunks, now } = this.#context;
    const take = await this.#releases.taking(ref, tag, actor, signal);
    return changeNamespace(this.#context, { ref, signal }, async (state, paths) => {
      const draft = take(state);
      const { pointer } = state;
      const there = pointer.grays.find((gray) => gray.name === name);
      if (there !== undefined) {
        const { by, at, number: release } = there.release;
        const message = `${refText(ref)} has a gray release ${name} already: abandon or promote it`;
        throw new ConfigError('CONFLICT', message, { by, at, release });
      }
      const load = chunks.loader(paths, signal);
      const changes = await diffContents(pointer.head?.content, draft.content, load);
      const made = {
        kind: 'gray',
        gray: name,
        content: draft.content,
        by: actor.name,
        message,
      } as const;
      const record = releaseRecord(pointer, made, now(), changes);
      const { number, content, at, by } = record;
      const gray = settled(
        {
          name,
          order: 0,
          rules: [],
          salt: salt ?? `${refText(ref)}/${name}/${number}`,
          release: { number, content, at, by },
          base: record.base,
          abandonOn: [],
        },
        settings,
      );
      return {
        pointer: withGrays({ ...pointer, last: number }, [...pointer.grays, gray]),
        draft: null,
        operations: [
          { op: 'create', path: paths.release(number), data: encode('release', record) },
        ],
        event: { action: 'gray.create', actor: by, release: number, details: { gray: name } },
        result: { gray, release: releaseOf(record) },
      };
    });
  }

  /** Says for whom it is, and when it ends. @throws ConfigError FORBIDDEN, NOT_FOUND, NOT_VALID */
  async update(
    ref: NamespaceRef,
    name: string,
    settings: GraySettings,
    actor: Actor,
    signal: AbortSignal,
  ): Promise<GrayRecord> {
    authorize(actor, 'publish');
    checkSettings(settings);
    return changeNamespace(this.#context, { ref, signal }, ({ pointer }) => {
      const gray = settled(grayOf(ref, pointer, name), settings);
      const others = pointer.grays.map((each) => (each.name === name ? gray : each));
      return {
        pointer: withGrays(pointer, others),
        event: { action: 'gray.update', actor: actor.name, details: { gray: name } },
        result: gray,
      };
    });
  }

  /**
   * Makes it the head, as a new release.
   * @throws ConfigError FORBIDDEN, NOT_FOUND; CONFLICT when the head has moved since, unless forced
   */
  async promote(
    ref: NamespaceRef,
    name: string,
    { message, force = false }: { readonly message?: string | undefined; readonly force?: boolean },
    actor: Actor,
    signal: AbortSignal,
  ): Promise<Published> {
    authorize(actor, 'publish');
    return changeNamespace(this.#context, { ref, signal }, async (state, paths) => {
      const { release, base } = grayOf(ref, state.pointer, name);
      if (!force) checkBase(ref, state.pointer, base, `the gray release ${name}`);
      const { content, number: of } = release;
      const made = { kind: 'promote', of, gray: name, content, by: actor.name, message } as const;
      const plan = await this.#releases.plan(ref, state, paths, made, signal);
      return { ...plan, pointer: without(plan.pointer, name) };
    });
  }

  /** Ends it: all get the head. @throws ConfigError FORBIDDEN, NOT_FOUND */
  async abandon(
    ref: NamespaceRef,
    name: string,
    reason: string | undefined,
    actor: Actor,
    signal: AbortSignal,
  ): Promise<void> {
    authorize(actor, 'publish');
    await changeNamespace(this.#context, { ref, signal }, ({ pointer }) => {
      const { release } = grayOf(ref, pointer, name);
      return {
        pointer: without(pointer, name),
        event: {
          action: 'gray.abandon',
          actor: actor.name,
          release: release.number,
          ...(reason !== undefined && { message: reason }),
          details: { gray: name },
        },
        result: undefined,
      };
    });
  }
}

function grayOf(ref: NamespaceRef, { grays }: Pointer, name: string): GrayRecord {
  const found = grays.find((gray) => gray.name === name);
  if (found !== undefined) return found;
  throw new ConfigError('NOT_FOUND', `${refText(ref)} has no gray release ${name}`);
}

function without(pointer: Pointer, name: string): Pointer {
  return { ...pointer, grays: pointer.grays.filter((gray) => gray.name !== name) };
}

function settled(
  { until: before, ...gray }: GrayRecord,
  { rules, order, abandonOn, until }: GraySettings,
): GrayRecord {
  const end = until === undefined ? before : (until ?? undefined);
  return {
    ...gray,
    // Copies: records are of the store.
    ...(rules !== undefined && { rules: structuredClone(rules) as GrayRecord['rules'] }),
    ...(order !== undefined && { order }),
    ...(abandonOn !== undefined && { abandonOn: [...abandonOn] }),
    ...(end !== undefined && { until: end }),
  };
}

function withGrays(pointer: Pointer, grays: readonly GrayRecord[]): Pointer {
  const changed = {
    ...pointer,
    grays: [...grays].sort((a, b) => a.order - b.order || a.release.number - b.release.number),
  };
  if (grays.length > MAX_GRAYS)
    throw new ConfigError('TOO_LARGE', `a namespace may have ${MAX_GRAYS} gray releases`);
  if (Buffer.byteLength(encode('pointer', changed)) > MAX_POINTER)
    throw new ConfigError('TOO_LARGE', 'the rules are too long: name labels, or CIDR blocks');
  return changed;
}

function checkSettings({ rules, abandonOn = [] }: GraySettings): void {
  const faults = rules === undefined ? [] : ruleFaults(rules);
  if (faults.length > 0) throw notValid('a gray release', faults);
  for (const name of abandonOn) checkName(name, 'signal');
}
