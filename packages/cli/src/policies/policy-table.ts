import { isGateway } from '@meshkeeper/policy';
import { clean, type Table } from '../output/table.ts';
import { type ConditionView, idOf, type PolicyView } from './answers.ts';

/** What a policy is for takes no more room than that. */
const LONGEST = 48;
/** Units of an age, the largest first, in seconds. */
const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** Policies as a table: which, for what, how they stand, and who has applied them when. */
export function policyTable(policies: readonly PolicyView[], now: Date): Table {
  const namespaced = policies.some(({ metadata }) => metadata.namespace !== undefined);
  const rows = policies.map((policy) => {
    const { kind, metadata, status } = policy;
    return [
      kind,
      ...(namespaced ? [metadata.namespace ?? '-'] : []),
      metadata.name,
      shortened(subject(policy)),
      standing(status.conditions),
      status.revision === undefined ? '-' : String(status.revision),
      status.source === undefined ? (status.appliedBy ?? '-') : `source ${status.source}`,
      age(now.getTime() - Date.parse(status.appliedAt)),
    ];
  });
  const namespace = namespaced ? ['NAMESPACE'] : [];
  return { head: ['KIND', ...namespace, 'NAME', 'FOR', 'STATUS', 'REVISION', 'BY', 'AGE'], rows };
}

/** What is not as it should be, a line each. */
export function conditionLines(policies: readonly PolicyView[]): string[] {
  return policies.flatMap(({ kind, metadata: { namespace, name }, status }) =>
    status.conditions
      .filter((each) => each.status === 'False' || (each.status === 'Unknown' && !isIdle(each)))
      .map(({ message }) => {
        const id = idOf({ kind, name, ...(namespace !== undefined && { namespace }) });
        return clean(`${id}: ${message}`);
      }),
  );
}

/** In a word: what is wrong first, then how far it has come. */
function standing(conditions: readonly ConditionView[]): string {
  const wrong = conditions.find((each) => each.status !== 'True' && !isIdle(each));
  if (wrong !== undefined) return wrong.reason;
  return conditions.some(({ type, status }) => type === 'Programmed' && status === 'True')
    ? 'Programmed'
    : 'Accepted';
}

/** Nobody is there who could have it: that is nothing that is wrong with it. */
function isIdle({ type, status }: ConditionView): boolean {
  return type === 'Programmed' && status === 'Unknown';
}

/** What a policy is for, as people say it. */
function subject(policy: PolicyView): string {
  switch (policy.kind) {
    case 'Gateway':
      return policy.spec.listeners.map(({ name, port }) => `${name}:${port}`).join(' ');
    case 'ServicePolicy':
      return policy.spec.targetRefs.map(({ name }) => name).join(' ');
    case 'FaultPolicy':
    case 'RateLimitPolicy':
      return (policy.spec.targetRefs ?? [])
        .map(({ kind, name, sectionName }) =>
          [kind === 'Service' ? name : `${kind}/${name}`, sectionName].filter(Boolean).join('#'),
        )
        .join(' ');
    default: {
      const parents = (policy.spec.parentRefs ?? []).map((ref) =>
        isGateway(ref) ? `Gateway/${ref.name}` : ref.name,
      );
      const hosts = 'hostnames' in policy.spec ? (policy.spec.hostnames ?? []) : [];
      return [...parents, ...hosts].join(' ');
    }
  }
}

function shortened(text: string): string {
  if (text === '') return '-';
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  const [unit, size] = UNITS.find(([, each]) => seconds >= each) ?? ['s', 1];
  return `${Math.floor(seconds / size)}${unit}`;
}
