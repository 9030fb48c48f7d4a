import type {
  Change,
  Content,
  Draft,
  Entry,
  GrayRecord,
  LiveResolved,
  Namespace,
  Release,
  ScheduledRecord,
} from '@meshkeeper/config';
import { timeView } from './proxy-views.ts';
import type { ResolvedView } from './schemas/config-resolve-schemas.ts';
import type { EntryView } from './schemas/config-schemas.ts';

/** A value as it is kept; a secret without its text. */
export function entryView(entry: Entry): EntryView {
  return { ...entry };
}

export function entriesView({ entries }: Content): Record<string, EntryView> {
  return byKey([...entries].map(([key, entry]) => [key, entryView(entry)]));
}

export function changeView({ before, after, ...change }: Change) {
  return {
    ...change,
    ...(before && { before: entryView(before) }),
    ...(after && { after: entryView(after) }),
  };
}

export function releaseView({ at, ...release }: Release) {
  return { ...release, at: timeView(at) };
}

export function grayView({ release, until, ...gray }: GrayRecord) {
  const { number, at, by } = release;
  return {
    ...gray,
    ...{ release: number, at: timeView(at), by },
    ...(until !== undefined && { until: timeView(until) }),
  };
}

export function scheduledView({ content: _, at, since, ...scheduled }: ScheduledRecord) {
  return { ...scheduled, at: timeView(at), since: timeView(since) };
}

export function namespaceView({ namespace, pointer, draft }: Namespace) {
  const { head, grays } = pointer;
  return {
    namespace,
    ...(head && {
      format: head.content.format,
      release: { number: head.number, at: timeView(head.at), by: head.by },
    }),
    public: pointer.public,
    ...(draft && { draft: { base: draft.base, at: timeView(draft.at), by: draft.by } }),
    grays: grays.map(({ name }) => name),
  };
}

export function draftView({ base, content, changes, edited }: Draft) {
  return {
    ...{ base, format: content.format, entries: entriesView(content) },
    ...(content.schema !== undefined && { schema: content.schema }),
    changes: changes.map(changeView),
    ...(edited && { at: timeView(edited.at), by: edited.by }),
    authors: edited?.authors ?? [],
  };
}

/** @param texts of the secrets that are revealed, by key */
export function resolvedView(
  { values, layers, revision, profiles, ...resolved }: LiveResolved,
  texts: ReadonlyMap<string, string>,
): ResolvedView {
  return {
    ...resolved,
    profiles: [...profiles],
    revision: String(revision),
    values: byKey(
      [...values].map(([key, { entry, from }]) => {
        const value = entry.type === 'secret' ? texts.get(key) : entry.value;
        return [key, { type: entry.type, ...(value !== undefined && { value }), from }];
      }),
    ),
    layers: [...layers],
  };
}

/** `__proto__` is a key like others. */
function byKey<T>(pairs: readonly (readonly [string, T])[]): Record<string, T> {
  return Object.fromEntries(pairs);
}
