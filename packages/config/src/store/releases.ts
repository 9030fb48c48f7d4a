import { ConfigError } from '../config-error.ts';
import { type Actor, authorize, checkFourEyes } from '../model/actor.ts';
import type { Content } from '../model/content.ts';
import { type Change, countChanges } from '../model/diff.ts';
import { type NamespaceRef, refText } from '../model/names.ts';
import type { Applications } from './applications.ts';
import { changeNamespace, noNamespace, type Plan } from './change-namespace.ts';
import { diffContents, readContent } from './contents.ts';
import type { StoreContext } from './context.ts';
import { noDraft } from './drafts.ts';
import { type NamespaceState, readState } from './namespace-state.ts';
import type { NamespacePaths } from './paths.ts';
import { readRelease, readReleases, releaseNumbers } from './read-release.ts';
import {
  type ContentRef,
  contentId,
  type DraftRecord,
  encode,
  type Pointer,
  type ReleaseKind,
  type ReleaseRecord,
} from './records.ts';

/** A release as others are told of it. */
export interface Release extends Omit<ReleaseRecord, 'content'> {
  /** SHA-256 of what it holds. */
  readonly id: string;
  readonly keys: number;
}

/** A release with all that it holds. */
export interface ReleaseContent {
  readonly release: Release;
  readonly content: Content;
}

/** What a publish has made. */
export interface Published {
  readonly release: Release;
  /** Against the head before it. */
  readonly changes: readonly Change[];
}

/** What is said of a publish. */
export interface PublishOptions {
  readonly message?: string | undefined;
  /** Publishes nothing but the draft that was seen: its tag. */
  readonly tag?: string | undefined;
}

/** Which releases. */
export interface ReleasePage {
  /** Only those from before this one. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** A release, `head`, or `draft`. */
export type Which = number | 'head' | 'draft';

/** What is served, and what was: releases never change. */
export class Releases {
  readonly #context: StoreContext;
  readonly #applications: Applications;

  constructor(context: StoreContext, applications: Applications) {
    this.#context = context;
    this.#applications = applications;
  }

  /**
   * Makes the draft a release, and that the head.
   * @throws ConfigError FORBIDDEN; NOT_FOUND without a draft; CONFLICT when the head has moved since; NOTHING_CHANGED
   */
  async publish(
    ref: NamespaceRef,
    { message, tag }: PublishOptions,
    actor: Actor,
    signal: AbortSignal,
  ): Promise<Published> {
    authorize(actor, 'publish');
    // Read beside the namespace, and waited for where it counts.
    const fourEyes = this.#applications.fourEyes(ref.application, signal);
    fourEyes.catch(() => {});
    return changeNamespace(this.#context, { ref, signal }, async (state, paths) => {
      const draft = publishable(ref, state, tag);
      const made = { kind: 'publish', content: draft.content, by: actor.name, message } as const;
      const planned = await this.plan(ref, state, paths, made, signal);
      // Where there is nothing to be published, nobody else need be called for it.
      if (await fourEyes) checkFourEyes(actor, draft.authors);
      return { ...planned, draft: null };
    });
  }

  /**
   * Makes an old release's content the head, as a new release.
   * @throws ConfigError FORBIDDEN, NOT_FOUND, NOTHING_CHANGED
   */
  async rollback(
    ref: NamespaceRef,
    to: number,
    { message }: Pick<PublishOptions, 'message'>,
    actor: Actor,
    signal: AbortSignal,
  ): Promise<Published> {
    authorize(actor, 'publish');
    return changeNamespace(this.#context, { ref, signal }, async (state, paths) => {
      const { content } = await this.#record(ref, paths, to, signal);
      const made = { kind: 'rollback', of: to, content, by: actor.name, message } as const;
      return this.plan(ref, state, paths, made, signal);
    });
  }

  /**
   * Who may take the draft away to publish it, takes it by this from what a namespace is.
   * @param tag nothing but the draft that was seen
   * @throws ConfigError FORBIDDEN; what it gives: NOT_FOUND, STALE, CONFLICT, and FORBIDDEN by four eyes
   */
  async taking(
    ref: NamespaceRef,
    tag: string | undefined,
    actor: Actor,
    signal: AbortSignal,
  ): Promise<(state: NamespaceState) => DraftRecord> {
    authorize(actor, 'publish');
    const fourEyes = await this.#applications.fourEyes(ref.application, signal);
    return (state) => {
      const draft = publishable(ref, state, tag);
      if (fourEyes) checkFourEyes(actor, draft.authors);
      return draft;
    };
  }

  /** What it takes to make a content the head. */
  async plan(
    ref: NamespaceRef,
    { pointer }: NamespaceState,
    paths: NamespacePaths,
    made: MadeRelease,
    signal: AbortSignal,
  ): Promise<Plan<Published> & { readonly pointer: Pointer }> {
    const { chunks, now } = this.#context;
    const { head } = pointer;
    if (head !== undefined && contentId(head.content) === contentId(made.content))
      throw new ConfigError(
        'NOTHING_CHANGED',
        `${refText(ref)} is that already: release ${head.number} holds the same`,
      );
    const load = chunks.loader(paths, signal);
    const changes = await diffContents(head?.content, made.content, load);
    const record = releaseRecord(pointer, made, now(), changes);
    const { number, content, at, by, message } = record;
    return {
      pointer: { ...pointer, last: number, head: { number, content, at, by } },
      operations: [{ op: 'create', path: paths.release(number), data: encode('release', record) }],
      event: {
        action: made.kind,
        actor: by,
        release: number,
        ...(message !== undefined && { message }),
        details: { ...record.changes },
      },
      result: { release: releaseOf(record), changes },
    };
  }

  /** Releases, the newest first, gray ones among them. */
  async list(ref: NamespaceRef, page: ReleasePage, signal: AbortSignal): Promise<Release[]> {
    const { zk } = this.#context;
    const paths = this.#context.paths.namespace(ref);
    const { before = Number.POSITIVE_INFINITY, limit } = page;
    const numbers = await releaseNumbers(zk, paths, signal);
    const wanted = numbers.filter((number) => number < before).slice(0, limit);
    return (await readReleases(zk, paths, wanted, signal)).map(releaseOf);
  }

  /** A release with what it holds. @throws ConfigError NOT_FOUND */
  async get(
    ref: NamespaceRef,
    which: number | 'head',
    signal: AbortSignal,
  ): Promise<ReleaseContent> {
    const { chunks } = this.#context;
    const paths = this.#context.paths.namespace(ref);
    const number = which === 'head' ? await this.#head(ref, paths, signal) : which;
    const record = await this.#record(ref, paths, number, signal);
    const content = await readContent(record.content, chunks.loader(paths, signal));
    return { release: releaseOf(record), content };
  }

  /** What it takes from one to the other. @throws ConfigError NOT_FOUND */
  async diff(ref: NamespaceRef, from: Which, to: Which, signal: AbortSignal): Promise<Change[]> {
    const { chunks } = this.#context;
    const paths = this.#context.paths.namespace(ref);
    const [before, after] = await Promise.all(
      [from, to].map((which) => this.#contentOf(ref, paths, which, signal)),
    );
    return diffContents(before!, after!, chunks.loader(paths, signal));
  }

  async #contentOf(
    ref: NamespaceRef,
    paths: NamespacePaths,
    which: Which,
    signal: AbortSignal,
  ): Promise<ContentRef> {
    if (typeof which === 'number') return (await this.#record(ref, paths, which, signal)).content;
    const state = await readState(this.#context.zk, paths, signal);
    if (state === undefined) throw noNamespace(ref);
    const { draft, pointer } = state;
    const content = which === 'draft' ? draft?.content : pointer.head?.content;
    if (content === undefined) throw which === 'draft' ? noDraft(ref) : noRelease(ref);
    return content;
  }

  async #head(ref: NamespaceRef, paths: NamespacePaths, signal: AbortSignal): Promise<number> {
    const state = await readState(this.#context.zk, paths, signal);
    if (state === undefined || state.pointer.deleted) throw noNamespace(ref);
    if (state.pointer.head === undefined) throw noRelease(ref);
    return state.pointer.head.number;
  }

  async #record(
    ref: NamespaceRef,
    paths: NamespacePaths,
    number: number,
    signal: AbortSignal,
  ): Promise<ReleaseRecord> {
    const record = await readRelease(this.#context.zk, paths, number, signal);
    if (record !== undefined) return record;
    throw new ConfigError(
      'NOT_FOUND',
      `${refText(ref)} has no release ${number}, or it is not kept any more`,
    );
  }
}

/** What a release is made of. */
export interface MadeRelease {
  readonly kind: ReleaseKind;
  readonly content: ContentRef;
  readonly by: string;
  readonly message?: string | undefined;
  readonly of?: number;
  readonly gray?: string;
}

/** The record of the release that follows. */
export function releaseRecord(
  { head, last }: Pointer,
  { message, ...made }: MadeRelease,
  at: number,
  changes: readonly Change[],
): ReleaseRecord {
  return {
    ...made,
    number: last + 1,
    base: head?.number ?? 0,
    at,
    changes: countChanges(changes),
    ...(message !== undefined && { message }),
  };
}

/** A release as others are told of it. */
export function releaseOf({ content, ...record }: ReleaseRecord): Release {
  return { ...record, id: contentId(content), keys: content.keys };
}

/** The draft, if it may follow the head. @throws ConfigError NOT_FOUND, STALE, CONFLICT */
function publishable(
  ref: NamespaceRef,
  { draft, pointer }: NamespaceState,
  tag?: string,
): DraftRecord {
  if (draft === undefined) throw noDraft(ref);
  if (tag !== undefined && tag !== '*' && tag !== draft.tag)
    throw new ConfigError(
      'STALE',
      `the draft of ${refText(ref)} was edited by ${draft.by} at ${new Date(draft.at).toISOString()}: look at it again`,
      { by: draft.by, at: draft.at },
    );
  checkBase(ref, pointer, draft.base, 'the draft');
  return draft;
}

/** @throws ConfigError CONFLICT */
export function checkBase(ref: NamespaceRef, { head }: Pointer, base: number, what: string): void {
  if ((head?.number ?? 0) === base || head === undefined) return;
  const { number: release, by, at } = head;
  throw new ConfigError(
    'CONFLICT',
    `${what} of ${refText(ref)} is based on release ${base}, and ${by} has published ${release} at ${new Date(at).toISOString()}`,
    { by, at, release },
  );
}

function noRelease(ref: NamespaceRef): ConfigError {
  return new ConfigError('NOT_FOUND', `nothing of ${refText(ref)} is published yet`);
}
