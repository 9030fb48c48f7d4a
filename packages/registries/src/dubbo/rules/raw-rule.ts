import type { ServiceKey } from '../service-key.ts';

/** Whom a rule is about. */
export type RuleTarget =
  /** A service; of a URL's rule any part may be `*`, and versions and groups a list: see `matches`. */
  | { readonly type: 'service'; readonly service: ServiceKey }
  /** All services of an application. */
  | { readonly type: 'application'; readonly application: string };

/** What a rule is, by where it stands: `configurators` … are the ends of the configuration's keys. */
export const RULE_KINDS = [
  'configurators',
  'tag-router',
  'condition-router',
  'script-router',
  'affinity-router',
  'MESHAPPRULE',
] as const;
export type RuleKind = (typeof RULE_KINDS)[number];

/** A rule as it was read. */
export type RawRule = {
  readonly path: string;
  readonly target: RuleTarget;
  /** Transaction that last changed it. */
  readonly mzxid: bigint;
} & (
  | {
      /** A URL below an interface: `configurators/override://…`, `routers/route://…`. */
      readonly type: 'url';
      readonly category: 'configurators' | 'routers';
      /** Decoded. */
      readonly url: string;
    }
  | {
      /** A node of the configuration centre. */
      readonly type: 'configuration';
      readonly kind: RuleKind;
      readonly text: string;
    }
);
