import { z } from 'zod';
import { duration } from './duration.ts';
import { hostname, objectName } from './names.ts';
import { unsupported } from './unsupported.ts';

/** A rule's name, by which policies can refer to it. */
export const ruleName = objectName.optional().describe('Unique in the route.');

/** The hosts that a route is for. */
export const hostnames = z
  .array(hostname)
  .max(16)
  .optional()
  .describe("Default: those of the listener, or of the service's own names.");

/** Gateway API's sessions. */
export const sessionPersistence = unsupported(
  'use a ServicePolicy that hashes on a cookie, with loadBalancing.type ring-hash or maglev',
);

/** Gateway API's gateways for routes that name none. */
export const useDefaultGateways = unsupported('name the gateway in parentRefs');

/** How often a request is tried again; as a ServicePolicy's `retries`, for a rule. */
export const retry = z
  .strictObject({
    codes: z
      .array(z.int().min(400).max(599))
      .optional()
      .describe(
        'Statuses after which it is. Default: those of the ServicePolicy. Connections that fail and tries that take too long count too, unless a ServicePolicy says what does.',
      ),
    attempts: z.int().min(1).optional().describe('Further tries after the first.'),
    backoff: duration
      .optional()
      .describe('The least time between two tries; it doubles each time.'),
  })
  .optional();

/** The most matches that all rules of a route may have together. */
export const MAX_MATCHES = 128;

/** Refuses rules of one name, and too many matches. */
export function checkRules(
  rules: readonly {
    readonly name?: string | undefined;
    readonly matches?: readonly unknown[] | undefined;
  }[],
  context: z.RefinementCtx,
): void {
  rules.forEach(({ name }, index) => {
    if (name !== undefined && rules.findIndex((other) => other.name === name) !== index)
      context.addIssue({
        code: 'custom',
        path: [index, 'name'],
        message: `is the second rule ${name} of the route`,
      });
  });
  const matches = rules.reduce((sum, rule) => sum + (rule.matches?.length ?? 0), 0);
  if (matches > MAX_MATCHES)
    context.addIssue({
      code: 'custom',
      message: `have ${matches} matches together, and may have ${MAX_MATCHES}: make two routes of it`,
    });
}
