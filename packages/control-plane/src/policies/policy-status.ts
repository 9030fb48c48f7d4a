import type { PolicyCondition } from '@meshkeeper/mesh';
import { type CheckCode, type Finding, pathText } from '@meshkeeper/policy';

/** What is the case with a policy, as Gateway API says it. */
export type Condition = PolicyCondition;

/** What is known of a policy besides what the checks find. */
export interface Told {
  /** Why what its znode holds can't be used. */
  readonly problem?: string | undefined;
  /** What data planes can't do of it. */
  readonly unsupported?: readonly string[];
  /** Whether the data planes have it. */
  readonly programmed?: Condition | undefined;
}

/** Messages of a condition, at most. */
const MESSAGES = 3;

/** Which condition is false by what a check finds; a warning that is not here is only a warning. */
const MEANING: Readonly<Partial<Record<CheckCode, Omit<Condition, 'message'>>>> = {
  'gateway-class': { type: 'Accepted', status: 'Unknown', reason: 'Pending' },
  'gateway-missing': { type: 'Accepted', status: 'False', reason: 'NoMatchingParent' },
  'listener-conflict': { type: 'Accepted', status: 'False', reason: 'ListenersNotValid' },
  'not-enforced': { type: 'Accepted', status: 'False', reason: 'UnsupportedValue' },
  'policy-missing': { type: 'ResolvedRefs', status: 'False', reason: 'ExtensionNotFound' },
  'policy-overlap': { type: 'Accepted', status: 'False', reason: 'Conflicted' },
  'protocol-mismatch': { type: 'Accepted', status: 'False', reason: 'UnsupportedProtocol' },
  'route-kinds': { type: 'Accepted', status: 'False', reason: 'Conflicted' },
  'route-not-allowed': { type: 'Accepted', status: 'False', reason: 'NotAllowedByListeners' },
  'rule-missing': { type: 'Accepted', status: 'False', reason: 'TargetNotFound' },
  'service-missing': { type: 'ResolvedRefs', status: 'False', reason: 'BackendNotFound' },
  'subset-missing': { type: 'ResolvedRefs', status: 'False', reason: 'BackendNotFound' },
  'unknown-kind': { type: 'ResolvedRefs', status: 'False', reason: 'InvalidKind' },
};

/** What any other error means. */
const INVALID = { type: 'Accepted', status: 'False', reason: 'Invalid' } as const;

/** What a finding means for the policy that it is in; what is for a service that is missing is not accepted. */
function meaningOf({ code, severity, path }: Finding): Omit<Condition, 'message'> | undefined {
  if (code !== 'service-missing')
    return MEANING[code] ?? (severity === 'error' ? INVALID : undefined);
  if (path[1] === 'parentRefs')
    return { type: 'Accepted', status: 'False', reason: 'NoMatchingParent' };
  if (path[1] === 'targetRefs')
    return { type: 'Accepted', status: 'False', reason: 'TargetNotFound' };
  return MEANING[code];
}

/** A policy's conditions: computed each time, kept nowhere. Pure. @param findings those in it */
export function conditionsOf(findings: readonly Finding[], told: Told): readonly Condition[] {
  const { problem, unsupported = [], programmed } = told;
  const about = (type: Condition['type']) => {
    const found = findings.filter((finding) => meaningOf(finding)?.type === type);
    // What is wrong goes before what is not known.
    const [first] = found
      .flatMap((finding) => meaningOf(finding) ?? [])
      .toSorted((a, b) => (a.status < b.status ? -1 : 1));
    const texts = found.map(({ path, message }) => `${pathText(path)}: ${message}`);
    return first === undefined ? undefined : { ...first, message: listed(texts) };
  };
  return [
    problem === undefined
      ? (about('Accepted') ?? notSupported(unsupported) ?? fine('Accepted'))
      : { ...INVALID, message: problem },
    about('ResolvedRefs') ?? fine('ResolvedRefs'),
    ...(programmed === undefined ? [] : [programmed]),
  ];
}

function notSupported(reasons: readonly string[]): Condition | undefined {
  if (reasons.length === 0) return undefined;
  const message = listed(reasons);
  return { type: 'Accepted', status: 'False', reason: 'UnsupportedValue', message };
}

function fine(type: 'Accepted' | 'ResolvedRefs'): Condition {
  return { type, status: 'True', reason: type, message: '' };
}

function listed(texts: readonly string[]): string {
  const more = texts.length > MESSAGES ? `; and ${texts.length - MESSAGES} more` : '';
  return `${texts.slice(0, MESSAGES).join('; ')}${more}`;
}
