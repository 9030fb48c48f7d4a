import { z } from 'zod';
import { backendObjectRef } from './backend-ref.ts';
import { METHODS } from './matches.ts';
import {
  changedHeaderName,
  group,
  headerName,
  headerValue,
  kindName,
  port,
  preciseHostname,
  referredName,
} from './names.ts';
import { unique } from './unique.ts';
import { unsupportedType } from './unsupported.ts';

const header = z.strictObject({ name: changedHeaderName, value: headerValue });
const headers = z
  .array(header)
  .max(16)
  .superRefine(unique(({ name }) => name, 'value of'))
  .optional();

const headerModifier = z.strictObject({
  set: headers.describe('Replaces what there is.'),
  add: headers.describe('Is added to what there is.'),
  remove: z.array(changedHeaderName).max(16).optional(),
});

const requestHeaderModifier = z.strictObject({
  type: z.literal('RequestHeaderModifier'),
  requestHeaderModifier: headerModifier,
});
const responseHeaderModifier = z.strictObject({
  type: z.literal('ResponseHeaderModifier'),
  responseHeaderModifier: headerModifier,
});

const requestMirror = z.strictObject({
  type: z.literal('RequestMirror'),
  requestMirror: z
    .strictObject({
      backendRef: backendObjectRef,
      percent: z.int().min(0).max(100).optional().describe('Of the requests. Default: all.'),
      fraction: z
        .strictObject({ numerator: z.int().min(0), denominator: z.int().min(1).default(100) })
        .refine(({ numerator, denominator }) => numerator <= denominator, {
          message: 'is more than one: the numerator is at most the denominator',
        })
        .optional(),
    })
    .refine(({ percent, fraction }) => percent === undefined || fraction === undefined, {
      message: 'choose one of "percent" and "fraction"',
    })
    .describe('A copy goes there too; its answer is dropped.'),
});

const newPath = z
  .string()
  .max(1024)
  .refine((text) => text === '' || text.startsWith('/'), 'is no path: it begins with /')
  .refine((text) => /^[!"$->@-~]*$/.test(text), 'holds what has to be percent-encoded in a path');

const path = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('ReplaceFullPath'), replaceFullPath: newPath }),
    z.strictObject({
      type: z.literal('ReplacePrefixMatch'),
      replacePrefixMatch: newPath,
    }),
  ])
  .optional();

const requestRedirect = z.strictObject({
  type: z.literal('RequestRedirect'),
  requestRedirect: z.strictObject({
    scheme: z.enum(['http', 'https']).optional(),
    hostname: preciseHostname.optional(),
    path,
    port: port.optional().describe("Default: the scheme's, else the listener's."),
    statusCode: z.literal([301, 302, 303, 307, 308]).default(302),
  }),
});

const urlRewrite = z.strictObject({
  type: z.literal('URLRewrite'),
  urlRewrite: z.strictObject({ hostname: preciseHostname.optional(), path }),
});

const aloneIfAny = (items: readonly string[]) => items.length < 2 || !items.includes('*');
const ALONE = { message: 'holds "*" beside others: it stands for all of them' };
const ORIGIN =
  /(^\*$)|(^(http(s)?):\/\/(((\*\.)?([a-zA-Z0-9-]+\.)*[a-zA-Z0-9-]+|\*)(:([0-9]{1,5}))?)$)/;

const cors = z.strictObject({
  type: z.literal('CORS'),
  cors: z.strictObject({
    allowOrigins: z
      .array(z.string().min(1).max(253).regex(ORIGIN, 'is no origin, as https://*.example.com'))
      .max(64)
      .refine(aloneIfAny, ALONE)
      .optional(),
    allowCredentials: z.boolean().optional(),
    allowMethods: z
      .array(z.enum([...METHODS, '*']))
      .max(9)
      .refine(aloneIfAny, ALONE)
      .optional(),
    allowHeaders: z.array(headerName).max(64).refine(aloneIfAny, ALONE).optional(),
    exposeHeaders: z.array(headerName).max(64).optional(),
    maxAge: z.int().min(1).default(5).describe('Seconds.'),
  }),
});

const extensionRef = z.strictObject({
  type: z.literal('ExtensionRef'),
  extensionRef: z
    .strictObject({ group, kind: kindName, name: referredName })
    .describe('A `FaultPolicy` or a `RateLimitPolicy` of the group `meshkeeper.io`.'),
});

const externalAuth = unsupportedType(
  'ExternalAuth',
  'without it everybody would be let through; authenticate at the service, or at a gateway before this one',
);
const ELSEWHERE = 'a backend can only change headers; put the filter into a rule of its own';

/** What is done to the requests of a rule of an HTTPRoute, and to their responses. */
export const httpFilter = z.discriminatedUnion('type', [
  requestHeaderModifier,
  responseHeaderModifier,
  requestMirror,
  requestRedirect,
  urlRewrite,
  cors,
  extensionRef,
  externalAuth,
]);

/** What is done to the calls of a rule of a GRPCRoute. */
export const grpcFilter = z.discriminatedUnion('type', [
  requestHeaderModifier,
  responseHeaderModifier,
  requestMirror,
  extensionRef,
]);

/** What is done to the requests that go to one of the backends of a rule. */
export const httpBackendFilter = z.discriminatedUnion('type', [
  requestHeaderModifier,
  responseHeaderModifier,
  ...(
    [
      'RequestMirror',
      'RequestRedirect',
      'URLRewrite',
      'CORS',
      'ExtensionRef',
      'ExternalAuth',
    ] as const
  ).map((type) => unsupportedType(type, ELSEWHERE)),
]);

/** The same of a GRPCRoute. */
export const grpcBackendFilter = z.discriminatedUnion('type', [
  requestHeaderModifier,
  responseHeaderModifier,
  ...(['RequestMirror', 'ExtensionRef'] as const).map((type) => unsupportedType(type, ELSEWHERE)),
]);

/** What is done to a request or its response. */
export type HTTPFilter = z.output<typeof httpFilter>;
/** What is done to a call or its response. */
export type GRPCFilter = z.output<typeof grpcFilter>;

/** Refuses filters that can't be together in one rule. */
export function checkFilters(
  filters: readonly { readonly type: string }[],
  context: z.RefinementCtx,
): void {
  filters.forEach(({ type }, index) => {
    const repeatable = type === 'RequestMirror' || type === 'ExtensionRef';
    if (!repeatable && filters.findIndex((other) => other.type === type) !== index)
      context.addIssue({
        code: 'custom',
        path: [index],
        message: `is the second ${type} of the list: put all of it into one`,
      });
  });
  const at = filters.findIndex(({ type }) => type === 'URLRewrite');
  if (at !== -1 && filters.some(({ type }) => type === 'RequestRedirect'))
    context.addIssue({
      code: 'custom',
      path: [at],
      message: 'can not be beside a RequestRedirect: what is redirected goes to no backend',
    });
}
