import { z } from 'zod';

/** A problem document (RFC 9457). */
export const problemSchema = z
  .looseObject({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    code: z.string().describe('Stable: what programs look at.'),
    detail: z.string().describe('For people: what is wrong, and what to do.'),
  })
  .describe('What went wrong. Some codes come with further members.')
  .meta({ id: 'Problem' });
