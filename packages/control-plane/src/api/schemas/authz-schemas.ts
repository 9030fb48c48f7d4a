import { z } from 'zod';

const header = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}=[^\r\n]{0,4000}$/, 'write NAME=VALUE');

/** Who wants to call whom, and how. */
export const authzQuery = z.strictObject({
  from: z
    .string()
    .min(1)
    .max(2_048)
    .describe('Who calls: the name of a service, or its SPIFFE ID.'),
  to: z.string().min(1).max(2_048).describe('The service that is called.'),
  method: z.string().min(1).max(200).optional().describe('What is called, as rules name it.'),
  header: z
    .union([header.transform((one) => [one]), z.array(header).max(50)])
    .default([])
    .describe('`NAME=VALUE`; may be there several times. Attachments of Dubbo are headers.'),
});

/** Whether a call may be made, and by what. */
export const authzSchema = z
  .object({
    allowed: z.boolean(),
    from: z.object({
      service: z.string().optional().describe('Without it: no service of this mesh.'),
      spiffeId: z.string(),
    }),
    to: z.string(),
    decidedBy: z
      .object({
        rule: z.string().describe('As the registry has it.'),
        source: z.string(),
        path: z.string().describe('The znode that says so.'),
      })
      .optional()
      .describe('Without it: nothing that is in effect refuses it.'),
    unproven: z
      .array(z.string())
      .describe(
        'What rules look at that callers say of themselves: nothing but mutual TLS would prove it.',
      ),
    notes: z.array(z.string()).describe('For people: what this does not mean.'),
  })
  .meta({ id: 'CallVerdict' });
