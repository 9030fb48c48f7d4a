import { CliError } from './exit-code.ts';
import type { Output } from './output/format.ts';

/** Where a long-running command listens; what doesn't apply is left out. */
export interface Listening {
  readonly api?: string;
  readonly xds?: string;
  readonly gateway?: string;
  readonly outbound?: string;
  readonly dns?: string;
  readonly zookeeper?: string;
  /** The webhook for API servers of Kubernetes. */
  readonly webhook?: string;
}

/** All that ends a long-running command must end in so many milliseconds. */
const CLOSE_TIMEOUT = 1_800;

/**
 * Runs a command until SIGINT or SIGTERM, then closes what it opened, last first. A second signal
 * ends it at once.
 * @param start opens things on the stack, each with its owner's `close`; the signal aborts when the
 * command is told to end while it still starts
 */
export async function runUntilSignal(
  start: (stack: AsyncDisposableStack, signal: AbortSignal) => Promise<void>,
  signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM'],
): Promise<void> {
  const stop = new AbortController();
  const told = Promise.withResolvers<void>();
  let late: NodeJS.Timeout | undefined;
  const onSignal = () => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort(new CliError('told to end before it was ready'));
    told.resolve();
    // Also of what is still starting, and does not look at the signal.
    late = setTimeout(() => process.exit(0), CLOSE_TIMEOUT);
  };
  for (const signal of signals) process.on(signal, onSignal);
  const stack = new AsyncDisposableStack();
  try {
    await start(stack, stop.signal);
    await told.promise;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    late ??= setTimeout(() => process.exit(0), CLOSE_TIMEOUT);
    await stack.disposeAsync();
    clearTimeout(late);
    for (const signal of signals) process.off(signal, onSignal);
  }
}

/** Says that everything listens: a line of JSON for scripts, `text` for people. */
export function announce(listening: Listening, output: Output | undefined, text: string): void {
  if (output === 'json')
    process.stdout.write(`${JSON.stringify({ event: 'ready', ...listening })}\n`);
  else process.stdout.write(`${text}\n`);
}
