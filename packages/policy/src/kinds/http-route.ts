import { z } from 'zod';
import { weightedBackend } from './backend-ref.ts';
import { duration, exceeds } from './duration.ts';
import { checkFilters, httpBackendFilter, httpFilter } from './filters.ts';
import { type HTTPMatch, httpMatches } from './matches.ts';
import { metadata } from './metadata.ts';
import { parentRefs } from './parent-ref.ts';
import {
  checkRules,
  hostnames,
  retry,
  ruleName,
  sessionPersistence,
  useDefaultGateways,
} from './rule.ts';
import { status } from './status.ts';

const timeouts = z
  .strictObject({
    request: duration.optional().describe('For a request with all of its tries; `0s` is no limit.'),
    backendRequest: duration.optional().describe('For one try; `0s` is no limit.'),
  })
  .refine(({ request = '0s', backendRequest = '0s' }) => !exceeds(backendRequest, request), {
    path: ['backendRequest'],
    message: 'is longer than the request with all of its tries',
  })
  .optional();

const backend = z.strictObject({
  ...weightedBackend,
  filters: z.array(httpBackendFilter).max(16).superRefine(checkFilters).optional(),
});

const rule = z
  .strictObject({
    name: ruleName,
    matches: httpMatches,
    filters: z.array(httpFilter).max(16).superRefine(checkFilters).optional(),
    backendRefs: z
      .array(backend)
      .max(16)
      .optional()
      .describe('Where the requests go, by weight. Without any they are answered with 500.'),
    timeouts,
    retry,
    sessionPersistence,
  })
  .superRefine(({ matches, filters = [], backendRefs = [] }, context) => {
    const redirect = filters.findIndex(({ type }) => type === 'RequestRedirect');
    if (redirect !== -1 && backendRefs.length > 0)
      context.addIssue({
        code: 'custom',
        path: ['backendRefs'],
        message: 'can not be beside a RequestRedirect: what is redirected goes to no backend',
      });
    filters.forEach((filter, index) => {
      const path =
        filter.type === 'RequestRedirect'
          ? filter.requestRedirect.path
          : filter.type === 'URLRewrite'
            ? filter.urlRewrite.path
            : undefined;
      if (path?.type === 'ReplacePrefixMatch' && !isOnePrefix(matches))
        context.addIssue({
          code: 'custom',
          path: ['filters', index],
          message:
            'replaces the prefix that fits: the rule needs exactly one match, of type PathPrefix',
        });
    });
  });

function isOnePrefix(matches: readonly HTTPMatch[]): boolean {
  return matches.length === 1 && matches[0]?.path.type === 'PathPrefix';
}

/** Gateway API's HTTPRoute. */
export const httpRoute = z
  .strictObject({
    apiVersion: z.literal('gateway.networking.k8s.io/v1'),
    kind: z.literal('HTTPRoute'),
    metadata,
    spec: z.strictObject({
      parentRefs,
      hostnames,
      rules: z
        .array(rule)
        .min(1)
        .max(16)
        .superRefine(checkRules)
        .default([{ matches: [{ path: { type: 'PathPrefix', value: '/' } }] }]),
      useDefaultGateways,
    }),
    status,
  })
  .describe('Where requests of HTTP go, and what is done to them on the way.');

/** Where requests of HTTP go. */
export type HTTPRoute = z.output<typeof httpRoute>;
