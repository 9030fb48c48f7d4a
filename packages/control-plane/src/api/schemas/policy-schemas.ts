import { z } from 'zod';
import { nextSchema } from '../page.ts';
import { nameSchema, objectSchema, revisionSchema, timeSchema } from './common-schemas.ts';
import { meshOutcomeSchema } from './convergence-schemas.ts';

/** `/policies/:kind/:name`. */
export const policyParams = z.strictObject({
  kind: nameSchema.describe('As written in policies, or short: `httproute`.'),
  name: nameSchema,
});

/** A policy, as docs/reference/policies.md describes it. */
const policyObject = objectSchema<object>('A policy: see the reference of policies.');

/** Policies as they are sent: what is wrong with them is told by their validation, all together. */
export const wantedBody = z.unknown().meta({
  description:
    'A list of policies, one policy, or `{ policies, delete }`; or YAML, of several documents also.',
  anyOf: [
    { type: 'array', items: { type: 'object' } },
    {
      type: 'object',
      properties: {
        policies: { type: 'array', items: { type: 'object' } },
        delete: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              kind: { type: 'string' },
              namespace: { type: 'string' },
              name: { type: 'string' },
            },
            required: ['kind', 'name'],
            additionalProperties: false,
          },
        },
      },
    },
    { type: 'string' },
  ],
});

/** A policy as it was applied, with what is the case with it. */
export const policySchema = z
  .looseObject({
    apiVersion: z.string(),
    kind: z.string(),
    metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
    status: z.object({
      conditions: z.array(
        z.object({
          type: z.enum(['Accepted', 'ResolvedRefs', 'Programmed']),
          status: z.enum(['True', 'False', 'Unknown']),
          reason: z.string(),
          message: z.string(),
        }),
      ),
      revision: revisionSchema
        .optional()
        .describe('Of the policies, that it came with; of one that a source has there is none.'),
      source: z
        .string()
        .optional()
        .describe('The source that has it, where it is to be changed; undefined: it was applied.'),
      version: z.string().optional().describe('Of one that a source has: which of its versions.'),
      appliedAt: timeSchema,
      appliedBy: z.string().optional(),
    }),
  })
  .meta({ id: 'Policy' });

/** All policies, or those that were asked for. */
export const policyListSchema = z.object({
  revision: revisionSchema,
  policies: z.array(policySchema),
  problems: z
    .array(
      z.object({
        path: z.string(),
        policy: z.string().optional(),
        message: z.string(),
        using: revisionSchema.optional(),
      }),
    )
    .describe('Znodes, and policies of sources, that can not be used.'),
  ...nextSchema,
});

const ref = { kind: z.string(), namespace: z.string().optional(), name: z.string() };

/** What has become of what was sent. */
export const appliedSchema = z
  .object({
    revision: revisionSchema.describe('Of the policies now.'),
    dryRun: z.boolean(),
    catalogRevision: revisionSchema
      .optional()
      .describe('The first revision of the catalog that has them: what data planes are behind of.'),
    policies: z.array(
      z.object({
        ...ref,
        outcome: z.enum(['created', 'configured', 'unchanged', 'deleted', 'absent']),
        before: policyObject.optional(),
        after: policyObject.optional(),
      }),
    ),
    findings: z
      .array(
        z.object({
          policy: z.string(),
          code: z.string(),
          severity: z.enum(['error', 'warning']),
          path: z.string(),
          pointer: z.string().describe('The path for programs (RFC 6901).'),
          message: z.string(),
        }),
      )
      .describe('What is found in these policies, and elsewhere because of them.'),
    warnings: z
      .array(
        z.object({
          severity: z.enum(['error', 'warning']),
          code: z.string(),
          path: z.string(),
          message: z.string(),
          policy: z.string().optional(),
          index: z.int().optional(),
          line: z.int().optional(),
        }),
      )
      .describe('What was left out of what was sent.'),
    convergence: meshOutcomeSchema.optional(),
  })
  .meta({ id: 'AppliedPolicies' });

/** Who has changed policies, when, why, and how. */
export const recordSchema = z
  .object({
    revision: revisionSchema,
    at: timeSchema,
    by: z.string().optional().describe('Who has called.'),
    label: z.string().optional().describe('Who they said they were.'),
    reason: z.string().optional(),
    rollbackTo: revisionSchema.optional(),
    part: z.int().optional(),
    changes: z.array(
      z.object({
        ...ref,
        change: z.enum(['created', 'changed', 'deleted']),
        before: z.unknown().optional(),
        after: z.unknown().optional(),
      }),
    ),
  })
  .meta({ id: 'PolicyRecord' });

/** A page of the records. */
export const recordListSchema = z.object({
  records: z.array(recordSchema).describe('The newest first.'),
  next: revisionSchema.optional().describe('`before` of the next page; without it there is none.'),
});
