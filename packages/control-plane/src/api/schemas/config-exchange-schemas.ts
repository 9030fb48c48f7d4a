import { z } from 'zod';
import { inputsSchema } from './config-draft-schemas.ts';
import { entriesSchema, format, linkSchema, linksBody, message, number } from './config-schemas.ts';

export const exportSchema = z.object({
  application: z.string(),
  links: z.array(linkSchema),
  fourEyes: z.boolean(),
  namespaces: z.record(
    z.string(),
    z.object({
      format,
      public: z.boolean(),
      entries: entriesSchema.optional(),
      document: z.string().optional(),
      schema: z.string().optional(),
    }),
  ),
});
export const importBody = z.strictObject({
  application: z.string().optional().describe('As an export has it; the path says which.'),
  links: linksBody.optional(),
  fourEyes: z.boolean().optional(),
  namespaces: z.record(
    z.string(),
    z.strictObject({
      public: z.boolean().optional(),
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
  settings: z
    .object({ changed: z.boolean(), problem: z.string().optional() })
    .optional()
    .describe('What came of `links` and `fourEyes`.'),
});
