import { isSimpleRegex } from '@meshkeeper/mesh';
import type { Policy } from '../kinds/kinds.ts';
import type { Check } from './finding.ts';

/** A warning: Envoy and gRPC run any RE2. */
export const regexLimited: Check = {
  code: 'regex-limited',
  severity: 'warning',
  what: 'A regular expression is one that the embedded proxy and the SDK do not run, since some texts could hold them up: to them it fits nothing.',
  fix: 'Make it shorter, with at most three repetitions and none of a group; or use Envoy.',
  *run({ policies }) {
    for (const policy of policies)
      for (const { path, source } of expressions(policy))
        if (!isSimpleRegex(source))
          yield {
            policy,
            path,
            message: `${JSON.stringify(source)} is run by Envoy and gRPC only`,
          };
  },
};

interface Expression {
  readonly path: readonly PropertyKey[];
  readonly source: string;
}

/** All regular expressions of a policy: values that stand beside their type. */
function expressions(policy: Policy): Expression[] {
  const found: Expression[] = [];
  const visit = (value: unknown, path: readonly PropertyKey[]): void => {
    if (Array.isArray(value)) for (const [i, item] of value.entries()) visit(item, [...path, i]);
    if (Array.isArray(value) || typeof value !== 'object' || value === null) return;
    const regex = 'type' in value && value.type === 'RegularExpression';
    for (const [key, inner] of Object.entries(value)) {
      if (regex && typeof inner === 'string' && ['value', 'service', 'method'].includes(key))
        found.push({ path: [...path, key], source: inner });
      else visit(inner, [...path, key]);
    }
  };
  visit(policy.spec, ['spec']);
  return found;
}
