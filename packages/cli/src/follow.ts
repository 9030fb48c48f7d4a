import { setTimeout as pause } from 'node:timers/promises';
import { CliError, ExitCode } from './exit-code.ts';
import type { Output } from './output/format.ts';

/** Milliseconds before the control plane is asked again. */
const RETRY = 1_000;
/** Milliseconds between two drawings of the same: what is told by its age grows old. */
const REDRAW = 1_000;
/** Terminal control: the first drawing clears the screen, the next ones write over it. */
const CLEAR = '\u001b[2J';
const HOME = '\u001b[H';
const TO_END_OF_LINE = '\u001b[K';
const TO_END_OF_SCREEN = '\u001b[J';

/** How what is followed is shown. */
export interface Shown<T> {
  readonly output: Output | undefined;
  /** For a terminal, drawn anew each time; `elapsed` milliseconds after it arrived. */
  readonly text: (data: T, elapsed: number) => string;
  /** What has changed, a line each, where nobody looks at a screen. */
  readonly lines: (before: T | undefined, after: T) => string[];
}

/**
 * Follows what the API tells until SIGINT or SIGTERM: on a terminal it is drawn anew with each
 * change; otherwise a line of JSON each, or with `-o table` a line a change, or with `-o yaml` a
 * document each. A control plane that goes away is waited for.
 */
export async function follow<T>(
  states: (signal: AbortSignal) => AsyncIterable<T>,
  shown: Shown<T>,
): Promise<void> {
  const stop = new AbortController();
  const end = () => stop.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  const { stringify } = await import('yaml');
  const show = shower(shown, stringify);
  try {
    for (let connected = false; !stop.signal.aborted; ) {
      try {
        for await (const data of states(stop.signal)) {
          connected = true;
          show.show(data);
        }
      } catch (error) {
        const refused = error instanceof CliError && error.exitCode === ExitCode.NOT_FOUND;
        if ((!connected || refused) && !stop.signal.aborted) throw error;
      }
      if (stop.signal.aborted) break;
      process.stderr.write('the control plane is away: trying again\n');
      await pause(RETRY, undefined, { signal: stop.signal }).catch(() => {});
    }
  } finally {
    show.end();
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}

function shower<T>({ output, text, lines }: Shown<T>, yaml: (data: T) => string) {
  const terminal = process.stdout.isTTY;
  const format = output ?? (terminal ? 'table' : 'json');
  let last: { readonly data: T; readonly at: number } | undefined;
  let drawn: string | undefined;
  const draw = () => {
    if (last === undefined) return;
    const now = text(last.data, performance.now() - last.at);
    if (now === drawn) return;
    const lines = now.split('\n').map((line) => `${line}${TO_END_OF_LINE}\n`);
    const start = drawn === undefined ? CLEAR : '';
    process.stdout.write(`${start}${HOME}${lines.join('')}${TO_END_OF_SCREEN}`);
    drawn = now;
  };
  const redraws = terminal && format === 'table' ? setInterval(draw, REDRAW) : undefined;
  return {
    show(data: T): void {
      const before = last?.data;
      last = { data, at: performance.now() };
      if (format === 'table' && terminal) draw();
      else if (format === 'table')
        for (const line of lines(before, data)) process.stdout.write(`${line}\n`);
      else if (format === 'yaml') process.stdout.write(`---\n${yaml(data)}`);
      else process.stdout.write(`${JSON.stringify(data)}\n`);
    },
    end(): void {
      clearInterval(redraws);
    },
  };
}
