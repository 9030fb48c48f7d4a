import type { ApiClient } from '../api-client.ts';
import { CliError, ExitCode } from '../exit-code.ts';
import { StatusLine } from '../output/status-line.ts';
import type { Table } from '../output/table.ts';
import type { OutcomeView, ProgressView, ReplicaView } from './answers.ts';

/** Waits until the data planes of all replicas have a revision of the policies, and tells on standard error how far it is. */
export async function waitFor(
  api: ApiClient,
  policies: number,
  milliseconds: number,
): Promise<OutcomeView> {
  const query = new URLSearchParams({
    policies: String(policies),
    timeout: String(milliseconds),
    watch: '',
  });
  using line = new StatusLine();
  // A moment longer than the control plane waits: its answer says who is behind.
  const signal = AbortSignal.timeout(milliseconds + 10_000);
  try {
    for await (const { event, data } of api.events<OutcomeView>(`/convergence?${query}`, signal)) {
      if (event === 'done') return data;
      line.show(progressText(data));
    }
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    throw lost(cause);
  }
  throw lost();
}

/** Who has not applied it, at which replica if there are several, and why; undefined when all have. */
export function behindTable({ behind, replicas }: OutcomeView): Table | undefined {
  const rows = behind.flatMap(({ replica, id, state, appliedPolicies, refused = [] }) => {
    const has = appliedPolicies === undefined ? '-' : String(appliedPolicies);
    const why = refused.map(({ type, name, message }) => `${type} ${name}: ${message}`);
    return (why.length === 0 ? ['-'] : why).map((text) => [replica, id, state, has, text]);
  });
  for (const { id, more = 0 } of replicas)
    if (more > 0) rows.push([id, `and ${more} more`, '-', '-', '-']);
  if (rows.length === 0) return undefined;
  const head = ['REPLICA', 'DATA PLANE', 'STATE', 'HAS', 'REJECTED'];
  if (replicas.length > 1) return { head, rows };
  return { head: head.slice(1), rows: rows.map((row) => row.slice(1)) };
}

/** What a wait has come to, in a sentence. */
export function outcomeText(outcome: OutcomeView, seconds: number): string {
  const { converged, counts, policies } = outcome;
  const { applied, pending, rejected } = counts;
  const besides = besidesText(outcome);
  if (converged)
    return applied === 0
      ? `no data plane is connected${besides}: who connects gets revision ${policies} of the policies`
      : `${planes(applied)} ${applied === 1 ? 'has' : 'have'} applied it${besides}`;
  const parts = [
    pending > 0 && `${planes(pending)} ${pending === 1 ? 'is' : 'are'} behind after ${seconds} s`,
    rejected > 0 && `${planes(rejected)} ${rejected === 1 ? 'rejects' : 'reject'} it`,
    pending + rejected === 0 && `${notYet(outcome)} after ${seconds} s`,
  ];
  return `not converged: ${parts.filter(Boolean).join(', ')}, ${applied} of ${applied + pending + rejected} have applied it${besides}`;
}

/**
 * What is to be known besides: what else has it, or has it not; who went away, who says nothing, who is not
 * known.
 */
function besidesText({ counts: { gone }, replicas, knowledge, destinations }: OutcomeView): string {
  // That DNS has what is served goes without saying.
  const having = destinations
    .filter(({ kind, state }) => kind !== 'dns' && state === 'applied')
    .map(({ name }) => name);
  const parts = [
    having.length > 0 && `${having.join(', ')} ${having.length === 1 ? 'has' : 'have'} it, too`,
    ...destinations.map(({ name, kind, state, message }) => {
      if (state === 'failing') return `${name} (${kind}) fails: ${message}`;
      return state === 'pending' && `${name} (${kind}) has it not yet`;
    }),
    gone > 0 && `${planes(gone)} went away meanwhile`,
    ...replicas.map(({ id, state }) => {
      if (state === 'gone') return `replica ${id} went away meanwhile`;
      return state === 'unreadable' && `what replica ${id} says can't be made out`;
    }),
    knowledge === 'away' && 'ZooKeeper is away: the other replicas are not known now',
  ];
  return parts
    .filter((part) => typeof part === 'string')
    .map((part) => `; ${part}`)
    .join('');
}

/** Why it is not over although nobody is behind. */
function notYet({ served, replicas }: OutcomeView): string {
  const late = replicas.filter(({ state, self }) => state === 'unserved' && !self);
  if (late.length > 0)
    return `replica ${ids(late)} ${late.length === 1 ? 'does' : 'do'} not serve it`;
  return served ? 'it is not known whether all have it' : 'it is not served yet';
}

function progressText({ counts, served, replicas }: ProgressView): string {
  const { applied, pending, rejected } = counts;
  const others = replicas.filter(({ self, state }) => !self && state !== 'gone');
  if (!served && others.length === 0) return 'waiting: the control plane is about to send it';
  const refused = rejected === 0 ? '' : `, ${rejected} reject it`;
  const of = others.length === 0 ? '' : ` at ${others.length + 1} replicas`;
  return `waiting: applied by ${applied} of ${planes(applied + pending + rejected)}${of}${refused}`;
}

function ids(replicas: readonly ReplicaView[]): string {
  return replicas.map(({ id }) => id).join(', ');
}

function planes(count: number): string {
  return count === 1 ? '1 data plane' : `${count} data planes`;
}

function lost(cause?: unknown): CliError {
  return new CliError(
    'it is applied, but the control plane went away before the data planes had it: see "meshkeeper proxy-status"',
    ExitCode.NOT_FOUND,
    { cause },
  );
}
