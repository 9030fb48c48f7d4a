import { CorsPolicy as Message } from '@meshkeeper/xds';
import { parseFraction, type Share } from '../fraction.ts';
import type { Problems } from '../problems.ts';
import { parseStringMatch, type TextTest } from '../string-match.ts';

/** Cross-origin requests, as browsers ask for them. Empty texts are not sent. */
export interface CorsPolicy {
  readonly type: 'cors';
  /** For which share of the requests it holds. */
  readonly share: Share;
  readonly allows: TextTest;
  readonly credentials: boolean;
  readonly methods: string;
  readonly headers: string;
  readonly expose: string;
  readonly maxAge: string;
}

/** `envoy.extensions.filters.http.cors.v3.CorsPolicy`. */
export function parseCorsPolicy(value: Uint8Array, problems: Problems): CorsPolicy {
  const message = Message.decode(value);
  const tests = (message.allowOriginStringMatch ?? []).map((matcher, i) =>
    parseStringMatch(matcher, problems.at(`allow_origin_string_match[${i}]`)),
  );
  const any = tests.some((test) => test('*'));
  return {
    type: 'cors',
    share: parseFraction(message.filterEnabled?.defaultValue),
    allows: any ? () => true : (origin) => tests.some((test) => test(origin)),
    credentials: message.allowCredentials?.value === true,
    methods: message.allowMethods ?? '',
    headers: message.allowHeaders ?? '',
    expose: message.exposeHeaders ?? '',
    maxAge: message.maxAge ?? '',
  };
}
