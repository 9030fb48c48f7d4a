import type { ApiClient } from '../api-client.ts';
import { CliError, ExitCode } from '../exit-code.ts';
import { clean, type Table } from '../output/table.ts';
import type { OutcomeView, ProgressView } from './answers.ts';

/** Waits until the data planes have a revision of the catalog, and tells on standard error how far it is. */
export async function waitFor(
  api: ApiClient,
  revision: number,
  milliseconds: number,
): Promise<OutcomeView> {
  const query = new URLSearchParams({
    revision: String(revision),
    timeout: String(milliseconds),
    watch: '',
  });
  const line = new StatusLine();
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
  } finally {
    line.end();
  }
  throw lost();
}

/** Who has not applied it, and why; undefined when all have. */
export function behindTable({ behind }: OutcomeView): Table | undefined {
  if (behind.length === 0) return undefined;
  const rows = behind.flatMap(({ id, state, appliedRevision, refused = [] }) => {
    const has = appliedRevision === undefined ? '-' : String(appliedRevision);
    const why = refused.map(({ type, name, message }) => `${type} ${name}: ${message}`);
    return (why.length === 0 ? ['-'] : why).map((text) => [id, state, has, text]);
  });
  return { head: ['DATA PLANE', 'STATE', 'HAS', 'REJECTED'], rows };
}

/** What a wait has come to, in a sentence. */
export function outcomeText({ converged, counts, revision }: OutcomeView, seconds: number): string {
  const { applied, pending, rejected, gone } = counts;
  const left = gone === 0 ? '' : `; ${planes(gone)} went away meanwhile`;
  if (converged)
    return applied === 0
      ? `no data plane is connected${left}: who connects gets revision ${revision} of the catalog`
      : `${planes(applied)} ${applied === 1 ? 'has' : 'have'} applied it${left}`;
  const parts = [
    pending > 0 && `${planes(pending)} ${pending === 1 ? 'is' : 'are'} behind after ${seconds} s`,
    rejected > 0 && `${planes(rejected)} ${rejected === 1 ? 'rejects' : 'reject'} it`,
    pending + rejected === 0 && `it is not served yet after ${seconds} s`,
  ];
  return `not converged: ${parts.filter(Boolean).join(', ')}, ${applied} of ${applied + pending + rejected} have applied it${left}`;
}

function progressText({ counts: { applied, pending, rejected }, served }: ProgressView): string {
  if (!served) return 'waiting: the control plane is about to send it';
  const refused = rejected === 0 ? '' : `, ${rejected} reject it`;
  return `waiting: applied by ${applied} of ${planes(applied + pending + rejected)}${refused}`;
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

/** A line on standard error: written over on a terminal, once for each that is new elsewhere. */
class StatusLine {
  #shown = '';

  show(text: string): void {
    const line = clean(text);
    if (line === this.#shown) return;
    this.#shown = line;
    process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${line}` : `${line}\n`);
  }

  end(): void {
    if (process.stderr.isTTY && this.#shown !== '') process.stderr.write('\r\u001b[K');
  }
}
