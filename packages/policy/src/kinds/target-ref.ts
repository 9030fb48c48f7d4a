import { fitsPattern } from '@meshkeeper/mesh';
import { z } from 'zod';
import { GATEWAY_API, objectName, referredName } from './names.ts';
import { unique } from './unique.ts';

const serviceRef = z.strictObject({
  group: z.literal('').default(''),
  kind: z.literal('Service').default('Service'),
  name: referredName.describe(
    'Of the service as the catalog has it; `*` stands for any characters. The most exact name counts.',
  ),
});

/** Services that a policy is for. */
export const serviceRefs = z
  .array(serviceRef)
  .min(1)
  .max(64)
  .superRefine(unique(({ name }) => name, 'reference to'))
  .describe('The services that it is for.');

const trafficRef = z
  .strictObject({
    group: z.enum(['', GATEWAY_API]).optional().describe('Default: that of the kind.'),
    kind: z.enum(['Service', 'HTTPRoute', 'GRPCRoute']).default('Service'),
    name: referredName.describe(
      'Of the service as the catalog has it (`*` stands for any characters; the most exact name counts), or of the route.',
    ),
    sectionName: objectName.optional().describe('A rule of the route, by its name. Default: all.'),
  })
  .superRefine(({ group: of, kind, sectionName }, context) => {
    const issue = (field: string, message: string) =>
      context.addIssue({ code: 'custom', path: [field], message });
    const own = kind === 'Service' ? '' : GATEWAY_API;
    if (of !== undefined && of !== own) issue('group', `of a ${kind} is "${own}"`);
    if (kind === 'Service' && sectionName !== undefined)
      issue('sectionName', 'does not go with a service: it has no rules');
  });

/** What a policy on requests is for. */
export const trafficRefs = z
  .array(trafficRef)
  .min(1)
  .max(64)
  .superRefine(
    unique(
      ({ kind, name, sectionName }) => `${kind} ${name}${sectionName ? `/${sectionName}` : ''}`,
      'reference to',
    ),
  )
  .describe('The services or routes whose requests it is for.');

/** What a policy is for. */
export type TargetRef = z.output<typeof trafficRef>;

/** How exact a name of a service is, more being more; undefined where it doesn't fit. */
export function fit(pattern: string, service: string): number | undefined {
  if (pattern === service) return Number.POSITIVE_INFINITY;
  if (!pattern.includes('*')) return undefined;
  return fitsPattern(pattern, service) ? pattern.replaceAll('*', '').length : undefined;
}
