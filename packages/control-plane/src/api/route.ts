import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifySchema,
  RouteOptions,
} from 'fastify';
import { z } from 'zod';
import { type Caller, LOOPBACK } from '../auth/caller.ts';
import type { Role } from '../auth/roles.ts';
import { IDEMPOTENCY_KEY, once } from './once.ts';
import { type ApiErrorCode, statusOf } from './problem.ts';
import { problemSchema } from './schemas/problem-schema.ts';
import { TimeLimit } from './time-limit.ts';

/** What routes are about: the parts of the API's document. */
export const TAGS = {
  catalog: 'Services and their endpoints, as registries and operators state them.',
  policies: 'What operators apply: routes, traffic policies, who may call whom.',
  'data planes': 'Who is connected, and what each has, rejects and reports.',
  history: 'What the catalog was.',
  configuration: 'Configuration of applications: drafts, releases, what holds where.',
  locks: 'Locks and elections by lease.',
  identity: 'Certificates of services, and who may call whom.',
  'control plane': 'The replicas themselves, and who may use them.',
} as const;

/** No members: what a route takes that says nothing of it. */
const NOTHING = z.strictObject({});

/** An answer without a body: 204. */
export const NO_CONTENT = z.undefined();

/** What a handler is given: valid, by the route's schemas. */
export interface ApiRequest<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Who asks; may do what the route's role says. */
  readonly caller: Caller;
  /** Aborts when the answer has taken too long: nobody waits for it any more. */
  readonly signal: AbortSignal;
  /** For what is not in the schemas. */
  readonly raw: FastifyRequest;
}

/** A value that goes into JSON: nothing of it is changed. */
export type Sent<T> = T extends readonly (infer Element)[]
  ? readonly Sent<Element>[]
  : T extends object
    ? { readonly [Key in keyof T]: Sent<T[Key]> }
    : T;

/** A route: everything that is said of it, in one place. The API's document is made of these. */
export interface RouteDefinition<
  Params extends z.ZodType = typeof NOTHING,
  Query extends z.ZodType = typeof NOTHING,
  Body extends z.ZodType = z.ZodUnknown,
  Answer extends z.ZodType = z.ZodUnknown,
> {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** In full, `:name` stands for one part: `/api/v1/services/:service`. */
  readonly path: string;
  /** The operation's name in generated clients: `listServices`. */
  readonly id: string;
  readonly tag: keyof typeof TAGS;
  /** What it does, in a line. */
  readonly summary: string;
  readonly description?: string;
  /** What it takes to call it; `open`: nothing. */
  readonly role: Role | 'open';
  /** False where an answer may not be kept: `Idempotency-Key` counts for nothing. Default true of POST. */
  readonly keyed?: boolean;
  /** False of what is done over and over, as keeping something alive: only what fails is recorded. */
  readonly audited?: boolean;
  /** Over loopback it takes nothing, whatever the configuration says. */
  readonly openOnLoopback?: boolean;
  /** Whether `If-Match` counts. Default: as `problems` say, by `precondition-required` or `-failed`. */
  readonly ifMatch?: 'optional' | 'required';
  readonly params?: Params;
  /** Texts: what is no text is coerced by the schema. Without it nothing may be asked. */
  readonly query?: Query;
  readonly body?: Body;
  /** Media types of the body. Default: JSON. */
  readonly accepts?: readonly string[];
  /** Bytes of a body, at most. Default 64 KiB. */
  readonly bodyLimit?: number;
  /** What a successful answer holds. {@link NO_CONTENT} for none. */
  readonly answer: Answer;
  /** Of a successful answer. Default 200, or 204 without content. */
  readonly status?: 200 | 201 | 202;
  /** Media type of a successful answer, when it is not JSON. */
  readonly type?: string;
  /** An answer that is no problem document although its status is one of an error. */
  readonly otherwise?: { readonly status: number; readonly answer: z.ZodType };
  /** It may answer `304` to who has it already. */
  readonly unchanged?: boolean;
  /** Where it can be followed by server-sent events: what each event's data is. */
  readonly events?: z.ZodType;
  /** How long it waits for something to happen, as it was asked to, in milliseconds: it may take so much longer. */
  waits?(
    request: Pick<ApiRequest<never, z.output<Query>, z.output<Body>>, 'query' | 'body'>,
  ): number;
  /** Further problems that it answers with, besides those that any route may. */
  readonly problems?: readonly ApiErrorCode[];
  /** An answer, as the document shows it. */
  readonly example?: Sent<z.output<Answer>>;
  /** A body, as the document shows it. */
  readonly bodyExample?: z.input<Body>;
  /** A reply is given back by those that have answered by themselves, as `sendEvents` does. */
  handle(
    request: ApiRequest<z.output<Params>, z.output<Query>, z.output<Body>>,
    reply: FastifyReply,
  ): Answered<z.output<Answer>> | Promise<Answered<z.output<Answer>>>;
}

type Answered<T> = Sent<T> | FastifyReply;

/** What the document is told of a route that its schemas don't hold. */
export interface RouteNotes {
  readonly id: string;
  readonly audited: boolean;
  readonly role: Role | 'open';
  readonly openOnLoopback: boolean;
  /** Without `If-Match` it is refused. */
  readonly mustMatch?: boolean;
  readonly example?: unknown;
  readonly bodyExample?: unknown;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** How long an answer may take, in milliseconds. */
    readonly timeLimit: number;
  }
  interface FastifyContextConfig {
    readonly notes?: RouteNotes;
  }
  interface FastifyRequest {
    caller?: Caller;
  }
}

const EVENT_STREAM = 'text/event-stream';

/** A server-sent event, as tools read it. @param data what its data holds, as JSON */
function eventSchema(data: z.ZodType): z.ZodType {
  return z.object({
    event: z.string(),
    id: z.string().optional(),
    data: z.string().describe(data.description ?? 'JSON: as the answer without `watch`.'),
  });
}

/** Problems that any route may answer with. */
const ALWAYS: readonly ApiErrorCode[] = [
  ...([
    'invalid-request',
    'method-not-allowed',
    'wrong-host',
    'cross-site',
    'rate-limited',
    'internal',
    'timeout',
    'headers-too-large',
  ] as const),
];
/** And those that have to know who calls. */
const GUARDED: readonly ApiErrorCode[] = [
  ...(['unauthenticated', 'forbidden', 'issuer-unavailable', 'zookeeper-unavailable'] as const),
];
/** And those that are done once for a key. */
const KEYED: readonly ApiErrorCode[] = ['idempotency-key-reused', 'outcome-unknown'];
/** And those that send events. */
const STREAMING: readonly ApiErrorCode[] = ['too-many-streams'];
/** And those that take a body. */
const WITH_BODY: readonly ApiErrorCode[] = ['unsupported-media-type', 'too-large'];

/**
 * Adds a route. What is asked is checked by its schemas; what is answered is checked by the compiler,
 * and by the tests: as it is sent it is not, which would cost more than to make it.
 */
export function route<
  Params extends z.ZodType = typeof NOTHING,
  Query extends z.ZodType = typeof NOTHING,
  Body extends z.ZodType = z.ZodUnknown,
  Answer extends z.ZodType = z.ZodUnknown,
>(app: FastifyInstance, definition: RouteDefinition<Params, Query, Body, Answer>): void {
  const {
    method,
    path,
    role,
    openOnLoopback = false,
    bodyLimit,
    example,
    bodyExample,
  } = definition;
  const noContent = definition.answer === (NO_CONTENT as z.ZodType);
  const options: RouteOptions = {
    method,
    url: path,
    schema: schemaOf(definition, noContent),
    config: {
      notes: {
        ...{ id: definition.id, role, openOnLoopback, audited: definition.audited ?? true },
        mustMatch: matchOf(definition) === 'required',
        ...(example !== undefined && { example }),
        ...(bodyExample !== undefined && { bodyExample }),
      },
    },
    ...(bodyLimit !== undefined && { bodyLimit }),
    async handler(raw, reply) {
      const { status = noContent ? 204 : 200 } = definition;
      const { caller = LOOPBACK } = raw;
      void reply.code(status);
      const request = {
        params: raw.params as z.output<Params>, // made by the schemas, as are the others
        query: raw.query as z.output<Query>,
        body: raw.body as z.output<Body>,
        ...{ caller, raw },
        get signal() {
          return time.signal;
        },
      };
      const time = new TimeLimit(app.timeLimit + (definition.waits?.(request) ?? 0));
      const act = () => definition.handle(request, reply);
      return time.keep<unknown>(() =>
        isKeyed(definition) ? once(raw, reply, caller, act) : act(),
      );
    },
  };
  app.route(options);
}

type AnyDefinition = Omit<
  RouteDefinition<z.ZodType, z.ZodType, z.ZodType, z.ZodType>,
  'handle' | 'example' | 'waits'
>;

function isKeyed({ method, keyed }: Pick<AnyDefinition, 'method' | 'keyed'>): boolean {
  return keyed ?? method === 'POST';
}

/** A header of those that are done once for a key. */
const KEY_HEADER = {
  'idempotency-key': z
    .string()
    .regex(IDEMPOTENCY_KEY, 'an Idempotency-Key has 1 to 200 visible characters')
    .optional()
    .describe('Done once for it: who comes again with it gets the same answer.'),
};
/** A header of those that are done to what the caller has seen. That it is missing, the handler says. */
const MATCH_HEADER = {
  'if-match': z
    .union([z.literal('*'), z.string()])
    .optional()
    .describe(
      'The ETag of what was seen: it is refused when that is not there any more. `*`: any.',
    ),
};

function matchOf({ ifMatch, problems = [] }: Pick<AnyDefinition, 'ifMatch' | 'problems'>) {
  if (ifMatch !== undefined) return ifMatch;
  if (problems.includes('precondition-required')) return 'required';
  return problems.includes('precondition-failed') ? 'optional' : undefined;
}

function schemaOf(definition: AnyDefinition, noContent: boolean): FastifySchema {
  const { id, tag, summary, description, params, query = NOTHING, body, accepts } = definition;
  const {
    otherwise,
    answer,
    events,
    problems = [],
    status = 200,
    type = 'application/json',
  } = definition;
  const matches = matchOf(definition) !== undefined;
  const success = noContent
    ? { 204: answer.describe('Done.') }
    : {
        [status]: {
          description: answer.description ?? 'What was asked for.',
          content: {
            [type]: { schema: type === EVENT_STREAM ? eventSchema(answer) : answer },
            ...(events && { [EVENT_STREAM]: { schema: eventSchema(events) } }),
          },
        },
      };
  const schema = {
    ...{ operationId: id, tags: [tag], summary, querystring: query },
    ...(description !== undefined && { description }),
    ...(params && { params }),
    ...((isKeyed(definition) || matches) && {
      headers: z.looseObject({
        ...(isKeyed(definition) && KEY_HEADER),
        ...(matches && MATCH_HEADER),
      }),
    }),
    ...(body && { body, consumes: accepts ?? ['application/json'] }),
    response: {
      ...success,
      ...problemResponses([
        ...ALWAYS,
        ...(definition.role === 'open' ? [] : GUARDED),
        ...(body || definition.method !== 'GET' ? WITH_BODY : []),
        ...(isKeyed(definition) ? KEYED : []),
        ...(definition.events || definition.type === EVENT_STREAM ? STREAMING : []),
        ...problems,
      ]),
      ...(definition.unchanged && { 304: NO_CONTENT.describe('It is what `If-None-Match` says.') }),
      ...(otherwise && { [otherwise.status]: otherwise.answer }),
    },
  };
  return schema;
}

function problemResponses(codes: readonly ApiErrorCode[]) {
  const byStatus = Map.groupBy(new Set(codes), statusOf);
  return Object.fromEntries(
    [...byStatus].map(([status, same]) => [
      status,
      {
        description: `Problem: \`${same.toSorted().join('`, `')}\`.`,
        content: { 'application/problem+json': { schema: problemSchema } },
      },
    ]),
  );
}
