import { z } from 'zod';
import {
  changeSchema,
  message,
  moment,
  number,
  releaseSchema,
  scheduledSchema,
} from './config-schemas.ts';

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
