import { randomBytes } from 'node:crypto';
import type { TransactionOp } from '@meshkeeper/zookeeper';
import { ConfigError, notValid } from '../config-error.ts';
import { type Actor, authorize } from '../model/actor.ts';
import type { Content, Format } from '../model/content.ts';
import { type Change, diff } from '../model/diff.ts';
import type { Entry, PlainEntry, SecretEntry } from '../model/entry.ts';
import { type NamespaceRef, refText } from '../model/names.ts';
import { rebase } from '../model/rebase.ts';
import type { Validator } from '../schema/validator.ts';
import type { Sealer } from '../secrets/sealer.ts';
import { changeNamespace } from './change-namespace.ts';
import { diffContents, readContent, storedOf } from './contents.ts';
import type { StoreContext } from './context.ts';
import { type NamespaceState, readState } from './namespace-state.ts';
import type { NamespacePaths } from './paths.ts';
import { readRelease } from './read-release.ts';
import type { ContentRef, DraftRecord } from './records.ts';
import { checkTag, tagOf } from './tags.ts';

type TypedInput =
  | PlainEntry
  | SecretEntry
  | { readonly type: 'secret'; readonly value: string; readonly comment?: string };

/** A value as an editor gives it. A secret comes as its text, or as it was read, to be kept. */
export type InputEntry =
  | TypedInput
  /** Without a type: what is a secret stays one, all else is text. */
  | { readonly type?: undefined; readonly value: string; readonly comment?: string };

/** An edit of a draft. */
export interface Edit {
  /** What the editor has seen: `tag` of what was read; `*` for whatever is there. */
  readonly tag: string;
  readonly format?: Format | undefined;
  /** Everything that is not in `set` is removed. Default false. */
  readonly replace?: boolean | undefined;
  readonly set?: ReadonlyMap<string, InputEntry> | undefined;
  readonly remove?: readonly string[] | undefined;
  /** JSON Schema 2020-12; null takes it away. */
  readonly schema?: string | null | undefined;
}

/** Bytes of secrets that one edit brings, at most: they are part of its transaction. */
const MAX_SECRETS = 768 * 1024;

/** A draft, or what one would begin with. */
export interface Draft {
  readonly tag: string;
  /** The release that it is based on; 0 for none. */
  readonly base: number;
  readonly content: Content;
  /** Against its base. */
  readonly changes: readonly Change[];
  /** Undefined: nobody has edited anything yet. */
  readonly edited?: Pick<DraftRecord, 'at' | 'by' | 'authors'>;
}

/** What is to be published, and not served yet: one draft a namespace. */
export class Drafts {
  readonly #context: StoreContext;
  readonly #validator: Validator;
  readonly #sealer: Sealer;

  constructor(context: StoreContext, validator: Validator, sealer: Sealer) {
    this.#context = context;
    this.#validator = validator;
    this.#sealer = sealer;
  }

  /** The draft; without one what a first edit begins with. Also of a namespace that isn't there yet. */
  async get(ref: NamespaceRef, signal: AbortSignal): Promise<Draft> {
    const { zk, paths: all, chunks } = this.#context;
    const paths = all.namespace(ref);
    const state = await readState(zk, paths, signal);
    const load = chunks.loader(paths, signal);
    const content = await readContent(state?.draft?.content ?? state?.pointer.head?.content, load);
    if (state?.draft === undefined)
      return { tag: tagOf(state), base: state?.pointer.head?.number ?? 0, content, changes: [] };
    const { base, at, by, authors } = state.draft;
    const before = await this.#base(state, paths, signal);
    const changes = await diffContents(before, state.draft.content, load);
    return { tag: tagOf(state), base, content, changes, edited: { at, by, authors } };
  }

  /**
   * Edits the draft, which is made if there is none, and so are namespace and application.
   * @throws ConfigError FORBIDDEN, STALE, NOT_VALID, TOO_LARGE, NO_KEY, BUSY
   */
  async edit(
    ref: NamespaceRef,
    edit: Edit,
    actor: Actor,
    signal: AbortSignal,
  ): Promise<{ readonly tag: string; readonly base: number; readonly changes: readonly Change[] }> {
    authorize(actor, 'edit');
    const { chunks, now } = this.#context;
    return changeNamespace(this.#context, { ref, signal, create: true }, async (state, paths) => {
      checkTag(edit.tag, state, ref);
      const load = chunks.loader(paths, signal);
      const { pointer, draft } = state;
      const shown = draft?.content ?? pointer.head?.content;
      const current = await readContent(shown, load);
      const { content, operations } = await this.#edited(ref, current, edit, paths, signal);
      this.#validator.check(content, `the draft of ${refText(ref)}`);
      const bases = [draft?.content, pointer.head?.content];
      const stored = await storedOf(content, bases, load);
      const record: DraftRecord = {
        tag: newTag(),
        base: draft?.base ?? pointer.head?.number ?? 0,
        content: stored.ref,
        at: now(),
        by: actor.name,
        authors: [...new Set([...(draft?.authors ?? []), actor.name])],
      };
      const before = await this.#base({ ...state, draft: record }, paths, signal);
      const { tag, base } = record;
      const based = before === shown ? current : await readContent(before, load);
      const changes = diff(based.entries, content.entries);
      return {
        chunks: stored.chunks,
        draft: record,
        operations,
        event: {
          action: 'draft.edit',
          actor: actor.name,
          details: { keys: stored.ref.keys, changes: changes.length },
        },
        result: { tag, base, changes },
      };
    });
  }

  /** Throws the draft away. @throws ConfigError FORBIDDEN, NOT_FOUND, STALE */
  async discard(ref: NamespaceRef, tag: string, actor: Actor, signal: AbortSignal): Promise<void> {
    authorize(actor, 'edit');
    await changeNamespace(this.#context, { ref, signal }, (state) => {
      if (state.draft === undefined) throw noDraft(ref);
      checkTag(tag, state, ref);
      return {
        draft: null,
        event: { action: 'draft.discard', actor: actor.name },
        result: undefined,
      };
    });
  }

  /**
   * Makes the draft's changes to what the head is now.
   * @throws ConfigError FORBIDDEN, NOT_FOUND, STALE, NOT_VALID; CONFLICT with the keys that both have changed
   */
  async rebase(
    ref: NamespaceRef,
    tag: string,
    actor: Actor,
    signal: AbortSignal,
  ): Promise<{ readonly tag: string; readonly base: number }> {
    authorize(actor, 'edit');
    const { chunks, now } = this.#context;
    return changeNamespace(this.#context, { ref, signal }, async (state, paths) => {
      const { draft, pointer } = state;
      if (draft === undefined) throw noDraft(ref);
      checkTag(tag, state, ref);
      const { head } = pointer;
      const load = chunks.loader(paths, signal);
      const base = await readContent(await this.#base(state, paths, signal), load);
      const ours = await readContent(draft.content, load);
      const theirs = await readContent(head?.content, load);
      const rebased = rebase(base.entries, ours.entries, theirs.entries);
      const keys = rebased.ok ? [] : [...rebased.keys];
      for (const what of ['format', 'schema'] as const)
        if (ours[what] !== base[what] && theirs[what] !== base[what] && ours[what] !== theirs[what])
          keys.push(`(${what})`);
      if (!rebased.ok || keys.length > 0)
        throw new ConfigError(
          'CONFLICT',
          `the head of ${refText(ref)} has changed the same: ${keys.slice(0, 5).join(', ')}${keys.length > 5 ? ` and ${keys.length - 5} more` : ''}`,
          { keys, ...(head && { by: head.by, at: head.at, release: head.number }) },
        );
      const pick = <K extends 'format' | 'schema'>(what: K) =>
        ours[what] === base[what] ? theirs[what] : ours[what];
      const schema = pick('schema');
      const content: Content = {
        format: pick('format'),
        entries: rebased.entries,
        ...(schema !== undefined && { schema }),
      };
      this.#validator.check(content, `the draft of ${refText(ref)}`);
      const stored = await storedOf(content, [draft.content, head?.content], load);
      const record: DraftRecord = {
        ...draft,
        tag: newTag(),
        base: head?.number ?? 0,
        content: stored.ref,
        at: now(),
        by: actor.name,
        authors: [...new Set([...draft.authors, actor.name])],
      };
      return {
        chunks: stored.chunks,
        draft: record,
        event: { action: 'draft.rebase', actor: actor.name },
        result: { tag: record.tag, base: record.base },
      };
    });
  }

  /** What the draft is based on, as long as it is kept; else the head. */
  async #base(
    { draft, pointer }: NamespaceState,
    paths: NamespacePaths,
    signal: AbortSignal,
  ): Promise<ContentRef | undefined> {
    if (draft === undefined || draft.base === pointer.head?.number) return pointer.head?.content;
    if (draft.base === 0) return undefined;
    const record = await readRelease(this.#context.zk, paths, draft.base, signal);
    return (record ?? pointer.head)?.content;
  }

  async #edited(
    ref: NamespaceRef,
    current: Content,
    { format = current.format, replace = false, set = new Map(), remove = [], schema }: Edit,
    paths: NamespacePaths,
    signal: AbortSignal,
  ): Promise<{ readonly content: Content; readonly operations: readonly TransactionOp[] }> {
    const entries = new Map<string, Entry>(replace ? [] : current.entries);
    const operations: TransactionOp[] = [];
    for (const key of remove) entries.delete(key);
    for (const [key, stated] of set) {
      const there = current.entries.get(key);
      const input = typed(stated, there);
      if (input.type !== 'secret') entries.set(key, input);
      else if ('value' in input) {
        const kept = there?.type === 'secret' ? there : undefined;
        const sealed = await this.#sealer.seal({ ...ref, key }, input.value, kept, signal);
        const { comment } = input;
        entries.set(key, { ...sealed.entry, ...(comment !== undefined && { comment }) });
        if (sealed.envelope !== undefined)
          operations.push({
            op: 'create',
            path: paths.secret(sealed.entry.secret),
            data: sealed.envelope,
          });
      } else {
        // A secret can only be what it is under this key: its text is bound to it.
        if (there?.type !== 'secret' || there.secret !== input.secret)
          throw notValid(`the draft of ${refText(ref)}`, [
            { key, message: 'is a secret of which there is no text: give its value' },
          ]);
        entries.set(key, {
          ...there,
          ...(input.comment !== undefined && { comment: input.comment }),
        });
      }
    }
    const bytes = operations.reduce((sum, op) => sum + ('data' in op ? op.data!.length : 0), 0);
    if (bytes > MAX_SECRETS)
      throw new ConfigError('TOO_LARGE', 'these are too many secrets at once: edit it in steps');
    const kept = schema === undefined ? current.schema : (schema ?? undefined);
    if (typeof schema === 'string') {
      const faults = this.#validator.schemaFaults(schema);
      if (faults.length > 0) throw notValid(`the schema of ${refText(ref)}`, faults);
    }
    return {
      content: { format, entries, ...(kept !== undefined && { schema: kept }) },
      operations,
    };
  }
}

/** Who gives a secret a new value without saying what it is doesn't mean to show it to all. */
function typed(input: InputEntry, there: Entry | undefined): TypedInput {
  if (input.type !== undefined) return input;
  return there?.type === 'secret' ? { ...input, type: 'secret' } : { ...input, type: 'text' };
}

/** That there is no draft. */
export function noDraft(ref: NamespaceRef): ConfigError {
  return new ConfigError('NOT_FOUND', `${refText(ref)} has no draft: edit it first`);
}

function newTag(): string {
  return `d${randomBytes(9).toString('base64url')}`;
}
