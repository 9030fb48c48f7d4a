import { z } from 'zod';
import { ConfigError } from '../config-error.ts';
import { digestOf } from '../content/chunk.ts';
import { FORMATS } from '../model/content.ts';

/** A higher release is none of ours: what follows on it could not be counted. */
const MAX_RELEASE = 999_999_999;

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const number = z.int().min(1).max(MAX_RELEASE);
const base = z.int().min(0).max(MAX_RELEASE);
/** Milliseconds since the epoch. */
const moment = z.number().min(0).max(8.64e15);

/** Where the content of something is. */
const contentRef = z.object({
  format: z.enum(FORMATS),
  /** The tree of entries. */
  root: digest,
  /** The chunk that holds the JSON Schema. */
  schema: digest.optional(),
  /** How many keys it has. */
  keys: z.int().min(0),
});
export type ContentRef = Readonly<z.infer<typeof contentRef>>;

export const RELEASE_KINDS = ['publish', 'rollback', 'gray', 'promote', 'scheduled'] as const;
export type ReleaseKind = (typeof RELEASE_KINDS)[number];

const changeCount = z.object({
  added: z.int().min(0),
  changed: z.int().min(0),
  removed: z.int().min(0),
});

const release = z.object({
  number,
  content: contentRef,
  kind: z.enum(RELEASE_KINDS),
  /** The head that it followed; 0 for none. */
  base,
  /** The release that a rollback or a promotion took its content from. */
  of: number.optional(),
  /** The gray release's name. */
  gray: z.string().optional(),
  message: z.string().optional(),
  at: moment,
  by: z.string(),
  /** Against the head that it followed. */
  changes: changeCount,
});
/** A release's record. */
export type ReleaseRecord = Readonly<z.infer<typeof release>>;

const rule = z.strictObject({
  instances: z.array(z.string()).optional(),
  addresses: z.array(z.string()).optional(),
  labels: z.record(z.string(), z.union([z.string(), z.array(z.string())])).optional(),
  percentage: z.number().min(0).max(100).optional(),
});

/** What a gray release's rules may be, for those who take them from outside. */
export const grayRules = z.array(rule).min(1);

const pointed = z.object({ number, content: contentRef, at: moment, by: z.string() });
/** A release that somebody gets, with what it takes to read it. */
export type PointedRelease = Readonly<z.infer<typeof pointed>>;

const gray = z.object({
  name: z.string(),
  order: z.number(),
  rules: z.array(rule),
  salt: z.string(),
  release: pointed,
  /** The head that it was made for. */
  base,
  /** Signals that end it. */
  abandonOn: z.array(z.string()),
  /** When it ends by itself. */
  until: moment.optional(),
});
/** A gray release as the pointer has it. */
export type GrayRecord = Readonly<z.infer<typeof gray>>;

const pointer = z.object({
  /** Other applications may link to it. */
  public: z.boolean(),
  /** The last number that a release was given. */
  last: base,
  head: pointed.optional(),
  /** In their order. */
  grays: z.array(gray),
  /** Somebody deletes it: what is left of it is nothing any more. */
  deleted: z.literal(true).optional(),
});
/** What a namespace's znode holds. */
export type Pointer = Readonly<z.infer<typeof pointer>>;

const draft = z.object({
  /** Tells one draft, and one edit of it, from another. */
  tag: z.string(),
  base,
  content: contentRef,
  at: moment,
  by: z.string(),
  /** Everybody who has edited it. */
  authors: z.array(z.string()),
});
export type DraftRecord = Readonly<z.infer<typeof draft>>;

const scheduled = z.object({
  id: z.string(),
  /** When it is due. */
  at: moment,
  content: contentRef,
  base,
  message: z.string().optional(),
  /** When it was scheduled. */
  since: moment,
  by: z.string(),
  /** Why it could not be published when it was due. */
  failed: z.string().optional(),
});
export type ScheduledRecord = Readonly<z.infer<typeof scheduled>>;

const application = z.object({
  links: z.array(z.object({ application: z.string(), namespace: z.string() })),
  fourEyes: z.boolean(),
});
export type ApplicationRecord = Readonly<z.infer<typeof application>>;

const signal = z.object({ at: moment, by: z.string(), detail: z.string().optional() });
export type SignalRecord = Readonly<z.infer<typeof signal>>;

/** For who keeps the same elsewhere. */
export { application as applicationSchema, pointer as pointerSchema };

/** What is kept, by what it is. */
const SCHEMAS = { application, draft, pointer, release, scheduled, signal };
type Records = { readonly [K in keyof typeof SCHEMAS]: z.infer<(typeof SCHEMAS)[K]> };

export function encode<K extends keyof Records>(_kind: K, record: Records[K]): string {
  return JSON.stringify(record);
}

/** @throws ConfigError MALFORMED */
export function parse<K extends keyof Records>(kind: K, data: Buffer, path: string): Records[K] {
  try {
    // The schema of a kind gives a record of it, which the compiler can't follow.
    return SCHEMAS[kind].parse(JSON.parse(data.toString())) as Records[K];
  } catch (cause) {
    throw new ConfigError('MALFORMED', `${path} holds no ${kind} of ours`, { cause });
  }
}

/** Names a content: the same for the same format, entries and schema. */
export function contentId({ format, root, schema }: ContentRef): string {
  return digestOf(JSON.stringify([format, root, schema ?? null]));
}
