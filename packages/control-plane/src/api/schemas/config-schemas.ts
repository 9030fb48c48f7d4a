import { FORMATS, grayRules, RELEASE_KINDS, VALUE_TYPES } from '@meshkeeper/config';
import { z } from 'zod';
import { timeSchema } from './common-schemas.ts';

const page = { limit: z.coerce.number().int().min(1).max(10_000).default(1_000) };

/** An application, a namespace, a gray release, a signal. */
export const plainName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/);
export const applicationParams = z.strictObject({ application: plainName });
export const namespaceParams = z.strictObject({ application: plainName, namespace: plainName });
export const releaseParams = z.strictObject({
  ...namespaceParams.shape,
  release: z.coerce.number().int().min(1),
});
export const grayParams = z.strictObject({ ...namespaceParams.shape, gray: plainName });
export const scheduledParams = z.strictObject({ ...namespaceParams.shape, id: plainName });
export const signalParams = z.strictObject({ application: plainName, signal: plainName });

/** Of a release; of keys. */
export const number = z.int().nonnegative();
export const format = z.enum(FORMATS);
export const comment = z.string().optional();

/** Why, for those who come after. */
export const message = z.string().trim().min(1).max(1_000).optional();
export const moment = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const entrySchema = z
  .object({
    type: z.enum(VALUE_TYPES),
    value: z.string().optional().describe('As it was written; secrets have none here.'),
    secret: z.string().optional().describe('Of secrets: names what is kept of it.'),
    digest: z.string().optional().describe('Of secrets: another when the text is another.'),
    comment,
  })
  .meta({ id: 'ConfigEntry' });
export type EntryView = z.output<typeof entrySchema>;
export const entriesSchema = z.record(z.string(), entrySchema);

export const changeSchema = z
  .object({
    key: z.string(),
    change: z.enum(['added', 'changed', 'removed']),
    before: entrySchema.optional(),
    after: entrySchema.optional(),
  })
  .meta({ id: 'ConfigChange' });
export const changesSchema = z.object({ changes: z.array(changeSchema) });

export const releaseSchema = z
  .object({
    number,
    id: z.string().describe('SHA-256 of what it holds.'),
    kind: z.enum(RELEASE_KINDS),
    base: number.describe('The head that it followed; 0 for none.'),
    of: number.optional().describe('The release that its content was taken from.'),
    gray: z.string().optional(),
    message: z.string().optional(),
    at: timeSchema,
    by: z.string(),
    keys: number,
    changes: z.object({ added: number, changed: number, removed: number }),
  })
  .meta({ id: 'ConfigRelease' });

const headSchema = z.object({ number, at: timeSchema, by: z.string() });

export const graySchema = z
  .object({
    name: z.string(),
    order: z.number(),
    rules: grayRules,
    salt: z.string(),
    release: number,
    base: number,
    at: timeSchema,
    by: z.string(),
    abandonOn: z.array(z.string()),
    until: timeSchema.optional(),
  })
  .meta({ id: 'ConfigGray' });

export const scheduledSchema = z
  .object({
    id: z.string(),
    at: timeSchema.describe('When it is due.'),
    since: timeSchema,
    by: z.string(),
    message: z.string().optional(),
    base: number,
    failed: z.string().optional().describe('Why it could not be published.'),
  })
  .meta({ id: 'ConfigScheduled' });

export const linkSchema = z.strictObject({ application: plainName, namespace: plainName });

export const linksBody = z.array(linkSchema).max(100);

export const namespaceSchema = z
  .object({
    namespace: z.string(),
    format: format.optional().describe('Of the head; without one there is none.'),
    public: z.boolean(),
    release: headSchema.optional(),
    draft: z.object({ base: number, at: timeSchema, by: z.string() }).optional(),
    grays: z.array(z.string()),
  })
  .meta({ id: 'ConfigNamespace' });

export const applicationSchema = z
  .object({
    application: z.string(),
    links: z.array(linkSchema),
    fourEyes: z.boolean(),
    namespaces: z.array(namespaceSchema),
  })
  .meta({ id: 'ConfigApplication' });

export const applicationListSchema = z.object({
  items: z.array(z.object({ application: z.string(), namespaces: z.array(z.string()) })),
  next: z.string().optional(),
});
export const applicationListQuery = z.strictObject({ ...page, after: z.string().optional() });
export const deleteQuery = z.strictObject({
  force: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true')
    .describe('Although others link to it.'),
});
export const applicationBody = z.strictObject({
  links: linksBody.optional(),
  fourEyes: z.boolean().optional(),
});

export const contentSchema = z
  .object({
    application: z.string(),
    namespace: z.string(),
    format,
    public: z.boolean(),
    release: releaseSchema,
    entries: entriesSchema,
    schema: z.string().optional().describe('JSON Schema, as it was written.'),
    grays: z.array(graySchema),
    scheduled: z.array(scheduledSchema),
    next: z.string().optional().describe('The key after which to go on.'),
  })
  .meta({ id: 'ConfigContent' });
export const contentQuery = z.strictObject({
  ...page,
  release: z.coerce.number().int().min(1).optional(),
  prefix: z.string().optional(),
  after: z.string().optional(),
});
export const settingsBody = z.strictObject({ public: z.boolean() });
