import { FORMATS, grayRules, RELEASE_KINDS, VALUE_TYPES } from '@meshkeeper/config';
import { milliseconds } from '@meshkeeper/policy';
import { z } from 'zod';
import { nextSchema, pageQuery } from '../page.ts';
import { objectSchema, timeSchema } from './common-schemas.ts';

const page = { limit: z.coerce.number().int().min(1).max(10_000).default(1_000) };

/** An application, a namespace, a gray release, a signal. */
const plainName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/);
export const applicationParams = z.strictObject({ application: plainName });
export const namespaceParams = z.strictObject({ application: plainName, namespace: plainName });
export const releaseParams = z.strictObject({
  ...namespaceParams.shape,
  release: z.coerce.number().int().min(1),
});
export const grayParams = z.strictObject({ ...namespaceParams.shape, gray: plainName });
export const scheduledParams = z.strictObject({ ...namespaceParams.shape, id: plainName });
export const signalParams = z.strictObject({ application: plainName, signal: plainName });

const number = z.int().nonnegative();
const format = z.enum(FORMATS);
const comment = z.string().optional();

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
const entriesSchema = z.record(z.string(), entrySchema);

const changeSchema = z
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

const linkSchema = z.strictObject({ application: plainName, namespace: plainName });

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
  links: z.array(linkSchema).max(100).optional(),
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

export const draftSchema = z
  .object({
    base: number,
    format,
    entries: entriesSchema,
    schema: z.string().optional(),
    changes: z.array(changeSchema).describe('Against the release that it is based on.'),
    at: timeSchema.optional(),
    by: z.string().optional(),
    authors: z.array(z.string()),
  })
  .meta({ id: 'ConfigDraft' });
export const editedSchema = z.object({
  base: number,
  tag: z.string().describe('For `If-Match` of the next edit; the ETag.'),
  changes: z.array(changeSchema),
});
export const rebasedSchema = editedSchema.omit({ changes: true });

/** A value as an editor sends it. */
const inputSchema = z.union([
  z.string().transform((value) => ({ value })),
  z.strictObject({
    type: z
      .enum(['text', 'json', 'yaml', 'properties'])
      .optional()
      .describe('Without it a secret stays one, and all else is text.'),
    value: z.string(),
    comment,
  }),
  z.strictObject({ type: z.literal('secret'), value: z.string(), comment }),
  z
    .strictObject({ type: z.literal('secret'), secret: z.string(), digest: z.string(), comment })
    .describe('As it was read: it stays what it is.'),
]);
const inputsSchema = z.record(z.string(), inputSchema);
export type InputView = z.output<typeof inputSchema>;

export const draftBody = z.union([
  z.strictObject({ format: z.literal('keys').optional(), entries: inputsSchema }),
  z.strictObject({ format: format.exclude(['keys']), document: z.string() }),
]);
export const patchBody = z.strictObject({
  set: inputsSchema.default({}),
  remove: z.array(z.string()).default([]),
});
export const schemaBody = z
  .union([z.boolean(), objectSchema<object>('A JSON Schema (2020-12).')])
  .describe('A JSON Schema (2020-12).');

const message = z.string().trim().min(1).max(1_000).optional();
const moment = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

export const publishBody = z
  .strictObject({ message, at: moment.optional().describe('When; without it at once.') })
  .default({});
export const publishedSchema = z.object({
  release: releaseSchema.optional(),
  scheduled: scheduledSchema.optional(),
  changes: z.array(changeSchema),
});
export const rollbackBody = z.strictObject({ to: z.int().min(1), message });
export const releaseListQuery = z.strictObject({
  before: z.coerce.number().int().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});
export const releaseListSchema = z.object({
  items: z.array(releaseSchema),
  next: number.optional().describe('The release before which to go on.'),
});
const which = z.union([z.literal(['head', 'draft']), z.coerce.number().int().min(1)]);
export const diffQuery = z.strictObject({ from: which, to: which.default('head') });

const graySettings = {
  order: z.number().optional(),
  abandonOn: z.array(plainName).max(100).optional(),
};
export const grayBody = z.strictObject({
  ...graySettings,
  name: plainName,
  rules: grayRules,
  salt: z.string().max(1_000).optional(),
  until: moment.optional(),
  message,
});
export const grayUpdateBody = z.strictObject({
  ...graySettings,
  rules: grayRules.optional(),
  until: moment.nullable().optional(),
});
export const promoteBody = z
  .strictObject({ message, force: z.boolean().default(false) })
  .default({ force: false });
export const abandonBody = z.strictObject({ reason: message }).default({});
export const settingsBody = z.strictObject({ public: z.boolean() });

/** What a signal comes with: what is wrong, or what Alertmanager sends to webhooks. */
export const signalBody = z
  .union([
    z.strictObject({ detail: message }),
    z.looseObject({
      status: z.enum(['firing', 'resolved']),
      alerts: z.array(
        z.looseObject({
          status: z.enum(['firing', 'resolved']),
          labels: z.record(z.string(), z.string()).default({}),
          annotations: z.record(z.string(), z.string()).default({}),
        }),
      ),
    }),
  ])
  .default({});
export const signalledSchema = z.object({
  raised: z.boolean(),
  abandoned: z.array(
    z.object({
      application: z.string(),
      namespace: z.string(),
      gray: z.string(),
      reason: z.string(),
    }),
  ),
});

export const LONGEST_WAIT = 300_000;
const texts = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const labels = texts
  .refine((all) => all.every((each) => each.indexOf('=') > 0), 'write label=key=value')
  .transform((all) =>
    Object.fromEntries(all.map((each) => [each.split('=')[0]!, each.slice(each.indexOf('=') + 1)])),
  );
export const resolveQuery = z.strictObject({
  profile: texts
    .transform((all) => all.flatMap((each) => each.split(',')).filter((each) => each !== ''))
    .optional()
    .describe('`a,b`: `b` is stronger.'),
  instance: z.string().optional(),
  address: z.union([z.ipv4(), z.ipv6()]).optional(),
  label: labels.optional(),
  secrets: z.literal('reveal').optional().describe('Takes the role `secret`.'),
  wait: z
    .string()
    .transform((text) => milliseconds(text))
    .refine((value) => value >= 0 && value <= LONGEST_WAIT, 'write 30s, or 5m at most')
    .optional()
    .describe('With `If-None-Match`: so long for what is another.'),
});
export const instanceListQuery = z.strictObject({
  ...pageQuery,
  namespace: plainName.optional(),
  release: z.coerce.number().int().min(1).optional(),
});
const originSchema = z.object({
  application: z.string(),
  namespace: z.string(),
  release: number,
  gray: z.string().optional(),
});
export const resolvedSchema = z
  .object({
    application: z.string(),
    profiles: z.array(z.string()),
    digest: z.string().describe('Of keys, types and values.'),
    revision: z.string().describe('The last transaction that is seen (zxid, decimal).'),
    stale: z.boolean().describe('ZooKeeper is away: this is the last that is known.'),
    values: z.record(
      z.string(),
      z.object({
        type: z.enum(VALUE_TYPES),
        value: z.string().optional(),
        from: originSchema,
      }),
    ),
    layers: z.array(originSchema).describe('The strongest first.'),
  })
  .meta({ id: 'ConfigResolved' });
export type ResolvedView = z.output<typeof resolvedSchema>;
export const digestEvent = z.object({
  application: z.string(),
  digest: z.string(),
  revision: z.string(),
  stale: z.boolean(),
});

export const exportSchema = z.object({
  application: z.string(),
  namespaces: z.record(
    z.string(),
    z.object({
      format,
      entries: entriesSchema.optional(),
      document: z.string().optional(),
      schema: z.string().optional(),
    }),
  ),
});
export const importBody = z.strictObject({
  application: z.string().optional().describe('As an export has it; the path says which.'),
  namespaces: z.record(
    z.string(),
    z.strictObject({
      format: format.optional(),
      entries: inputsSchema.optional(),
      document: z.string().optional(),
      schema: z.string().optional(),
    }),
  ),
  publish: z.boolean().default(false),
  message,
});
export const importedSchema = z.object({
  application: z.string(),
  namespaces: z.record(
    z.string(),
    z.object({
      changes: number,
      release: number.optional(),
      problem: z.string().optional(),
    }),
  ),
});

export const instanceListSchema = z.object({
  items: z.array(
    z
      .object({
        instance: z.string().optional(),
        address: z.string().optional(),
        labels: z.record(z.string(), z.string()).optional(),
        profiles: z.array(z.string()),
        at: timeSchema.describe('When it asked last.'),
        digest: z.string().describe('Of all that it has.'),
        layers: z.array(originSchema).describe('What it has, the strongest first.'),
      })
      .meta({ id: 'ConfigInstance' }),
  ),
  ...nextSchema,
});
