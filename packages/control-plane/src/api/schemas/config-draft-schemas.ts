import { z } from 'zod';
import { objectSchema, timeSchema } from './common-schemas.ts';
import { changeSchema, comment, entriesSchema, format, number } from './config-schemas.ts';

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
export const inputsSchema = z.record(z.string(), inputSchema);
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
