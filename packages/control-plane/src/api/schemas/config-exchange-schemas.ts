import { z } from 'zod';
import { inputsSchema } from './config-draft-schemas.ts';
import { entriesSchema, format, message, number } from './config-schemas.ts';

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
