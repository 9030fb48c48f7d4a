import { CorsPolicy as Message, type StringMatcher } from '@meshkeeper/xds';
import { parseFieldText } from '../field-text.ts';
import { parseFraction, type Share } from '../fraction.ts';
import type { Problems } from '../problems.ts';
import { parseStringMatch, type TextTest } from '../string-match.ts';

/** Cross-origin requests, as browsers ask for them. Empty texts are not sent. */
export interface CorsPolicy {
  readonly type: 'cors';
  /** For which share of the requests it holds. */
  readonly share: Share;
  /** Undefined where nothing is said of origins. */
  readonly allows: TextTest | undefined;
  readonly credentials: boolean | undefined;
  readonly methods: string;
  readonly headers: string;
  readonly expose: string;
  readonly maxAge: string;
}

/** `envoy.extensions.filters.http.cors.v3.CorsPolicy`. */
export function parseCorsPolicy(value: Uint8Array, problems: Problems): CorsPolicy {
  const message = Message.decode(value);
  return {
    type: 'cors',
    share: parseFraction(message.filterEnabled?.defaultValue),
    allows: parseOrigins(message.allowOriginStringMatch, problems),
    credentials: message.allowCredentials?.value ?? undefined,
    methods: parseFieldText(message.allowMethods, 'allow_methods', problems),
    headers: parseFieldText(message.allowHeaders, 'allow_headers', problems),
    expose: parseFieldText(message.exposeHeaders, 'expose_headers', problems),
    maxAge: parseFieldText(message.maxAge, 'max_age', problems),
  };
}

/** A policy with what it leaves out filled in by the one around it. */
export function withinCors(own: CorsPolicy, outer: CorsPolicy): CorsPolicy {
  return {
    ...own,
    allows: own.allows ?? outer.allows,
    credentials: own.credentials ?? outer.credentials,
    methods: own.methods || outer.methods,
    headers: own.headers || outer.headers,
    expose: own.expose || outer.expose,
    maxAge: own.maxAge || outer.maxAge,
  };
}

function parseOrigins(
  matchers: readonly StringMatcher[] | null | undefined,
  problems: Problems,
): TextTest | undefined {
  if (!matchers || matchers.length === 0) return undefined;
  const tests = matchers.map((matcher, i) =>
    parseStringMatch(matcher, problems.at(`allow_origin_string_match[${i}]`)),
  );
  if (tests.some((test) => test('*'))) return () => true;
  return (origin) => tests.some((test) => test(origin));
}
