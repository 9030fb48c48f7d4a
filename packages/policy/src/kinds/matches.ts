import { z } from 'zod';
import { headerName, headerValue } from './names.ts';
import { re2Fault } from './re2.ts';
import { unique } from './unique.ts';

/** Methods of HTTP that a route can ask for. */
export const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
] as const;

const PATH = /^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+$/;
const NOT_IN_A_PATH = ['//', '/./', '/../', '%2f', '%2F', '#'] as const;

/** How a value is compared. */
export const matchType = z
  .enum(['Exact', 'RegularExpression'])
  .default('Exact')
  .describe('A regular expression (RE2) has to fit the whole value.');

const pathMatch = z
  .strictObject({
    type: z
      .enum(['Exact', 'PathPrefix', 'RegularExpression'])
      .default('PathPrefix')
      .describe('A prefix is compared by whole parts: `/a` is one of `/a/b` and not of `/ab`.'),
    value: z.string().max(1024).default('/'),
  })
  .superRefine(({ type, value }, context) => {
    const issue = (message: string) =>
      context.addIssue({ code: 'custom', path: ['value'], message });
    if (value === '') return issue('is empty');
    if (type === 'RegularExpression') return checkRegex({ type, value }, context);
    const odd = NOT_IN_A_PATH.find((text) => value.includes(text));
    if (!value.startsWith('/')) issue('is no path: it begins with /');
    else if (odd !== undefined) issue(`holds "${odd}", which no path has when it is compared`);
    else if (/\/\.\.?$/.test(value)) issue('ends with a dot: write the path that it leads to');
    else if (!PATH.test(value)) issue('holds what has to be percent-encoded in a path');
  });

/** A header of a request. */
export const headerMatch = z
  .strictObject({
    type: matchType,
    name: headerName.describe('Upper and lower case are the same.'),
    value: headerValue,
  })
  .superRefine(checkRegex);

/** Headers of a request: all of them. */
export const headerMatches = z
  .array(headerMatch)
  .max(16)
  .superRefine(unique(({ name }) => name, 'match of'))
  .optional()
  .describe('All of them fit.');

const queryMatch = z
  .strictObject({
    type: matchType,
    name: headerName,
    value: z.string().min(1).max(1024),
  })
  .superRefine(checkRegex);

const ROOT = { type: 'PathPrefix', value: '/' } as const;

/** Which requests: all of it fits. */
export const httpMatch = z.strictObject({
  path: pathMatch.default({ ...ROOT }),
  method: z.enum(METHODS).optional(),
  headers: headerMatches,
  queryParams: z
    .array(queryMatch)
    .max(16)
    .superRefine(unique(({ name }) => name, 'match of'))
    .optional()
    .describe('All of them fit.'),
});

/** Which requests of HTTP. */
export type HTTPMatch = z.output<typeof httpMatch>;

/** Any of these, each as a whole. */
export const httpMatches = z
  .array(httpMatch)
  .max(64)
  .default([{ path: { ...ROOT } }])
  .describe('Requests that one of these fits; of several rules the most specific counts.');

const SERVICE = /^\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*$/i;
const METHOD = /^[A-Za-z_][A-Za-z_0-9]*$/;

const grpcMethod = z
  .strictObject({
    type: matchType,
    service: z.string().max(1024).optional().describe('With its package: `shop.v1.Orders`.'),
    method: z.string().max(1024).optional(),
  })
  .superRefine(({ type, service = '', method = '' }, context) => {
    if (service === '' && method === '')
      context.addIssue({ code: 'custom', message: 'needs a service, a method, or both' });
    if (type !== 'Exact') {
      checkRegex({ type, value: service }, context, 'service');
      checkRegex({ type, value: method }, context, 'method');
      return;
    }
    if (service !== '' && !SERVICE.test(service))
      context.addIssue({ code: 'custom', path: ['service'], message: 'is no service of gRPC' });
    if (method !== '' && !METHOD.test(method))
      context.addIssue({ code: 'custom', path: ['method'], message: 'is no method of gRPC' });
  });

/** Which calls: all of it fits. */
export const grpcMatch = z.strictObject({
  method: grpcMethod.optional(),
  headers: headerMatches,
});

/** Which calls of gRPC. */
export type GRPCMatch = z.output<typeof grpcMatch>;

/** Any of these, each as a whole. */
export const grpcMatches = z
  .array(grpcMatch)
  .max(64)
  .optional()
  .describe('Calls that one of these fits. Default: all.');

/** Refuses a regular expression that data planes would, with all that stands beside it. */
function checkRegex(
  { type, value }: { readonly type: string; readonly value: string },
  context: z.RefinementCtx,
  field = 'value',
): void {
  const fault = type === 'RegularExpression' ? re2Fault(value) : undefined;
  if (fault === undefined) return;
  const message = `${fault}, and is no regular expression (RE2)`;
  context.addIssue({ code: 'custom', path: [field], message });
}
