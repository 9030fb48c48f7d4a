import { type Command, InvalidArgumentError } from 'commander';
import { ApiClient } from '../api-client.ts';
import { CliError, ExitCode } from '../exit-code.ts';
import { optionsOf } from '../global-options.ts';
import { print } from '../output/format.ts';
import type { DiffFilesFlags } from '../policies/diff-files.ts';
import { wholeNumber } from '../whole-number.ts';

/** How a service differs from what it was. */
interface DifferenceView {
  readonly service: string;
  readonly type: 'added' | 'updated' | 'removed';
  readonly endpoints: {
    readonly added: readonly EndpointView[];
    readonly removed: readonly EndpointView[];
    readonly changed: readonly (EndpointView & {
      readonly fields: Readonly<Record<string, readonly [unknown, unknown]>>;
    })[];
  };
}

interface EndpointView {
  readonly id: string;
  readonly address: string;
  readonly port: number;
}

type EntryView = DifferenceView & { readonly revision: number; readonly at: string };

interface DiffView {
  readonly from: { readonly revision: number; readonly at: string };
  readonly to: { readonly revision: number; readonly at: string };
  readonly services: readonly DifferenceView[];
}

const MOMENT = 'a revision, a time (2026-01-31T12:00:00Z), or how long ago (15m, 2h, 3d)';
const DIFF_HELP = `
Examples:
  meshkeeper diff 15m
  meshkeeper diff 1041 1050
  meshkeeper diff -f policies/

With -f the exit code is that of diff: 0 nothing differs, 1 something does, 2 it went wrong.`;
const UNITS: Readonly<Record<string, number>> = { s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3 };

interface HistoryFlags {
  readonly limit: number;
  readonly policies?: boolean;
}

export function addPastCommands(program: Command): void {
  program
    .command('history')
    .argument('[name]', 'one service; of policies KIND/NAME, or a revision with what it changed')
    .option('--limit <n>', 'so many entries at most, the newest', wholeNumber, 50)
    .option('--policies', 'instead, who has applied which policies, when and why')
    .description('what the catalog has changed, and when; or the policies')
    .addHelpText(
      'after',
      '\nExamples:\n  meshkeeper history orders\n  meshkeeper history --policies\n' +
        '  meshkeeper history --policies httproute/orders\n  meshkeeper history --policies 41',
    )
    .action(async (name: string | undefined, _: unknown, command: Command) => {
      const options = optionsOf<HistoryFlags>(command);
      if (options.policies) {
        const { showPolicyHistory } = await import('../policies/history.ts');
        await showPolicyHistory(name, options);
        return;
      }
      const query = new URLSearchParams({ limit: String(options.limit) });
      if (name !== undefined) query.set('service', name);
      const api = new ApiClient(options);
      const data = await api.get<{ entries: readonly EntryView[] }>(`/history?${query}`);
      await print(data, options.output, ({ entries }) => ({
        head: ['REVISION', 'WHEN', 'SERVICE', 'WHAT'],
        // As a log: the newest is what one sees last.
        rows: entries
          .toReversed()
          .flatMap((entry) =>
            linesOf(entry).map((line) => [String(entry.revision), entry.at, entry.service, line]),
          ),
      }));
    });
  program
    .command('diff')
    .argument('[from]', MOMENT, moment)
    .argument('[to]', 'the same (default: now)', moment)
    .option(
      '-f, --file <path...>',
      'instead, how policies differ from these files; - is standard input',
    )
    .option('-R, --recursive', 'read the folders of folders, too')
    .description(
      'what the catalog was at one moment, and is at another; or what an apply would change',
    )
    .addHelpText('after', DIFF_HELP)
    .action(
      async (from: string | undefined, to: string | undefined, _: unknown, command: Command) => {
        const { file, ...options } = optionsOf<Partial<DiffFilesFlags>>(command);
        if ((file === undefined) === (from === undefined))
          throw new CliError(
            file === undefined
              ? `between what? Write ${MOMENT}; or -f and a file with policies`
              : 'choose one of moments and -f',
            ExitCode.USAGE,
          );
        if (file !== undefined) {
          const { diffFiles } = await import('../policies/diff-files.ts');
          if (await diffFiles({ ...options, file })) process.exitCode = ExitCode.FAILED;
          return;
        }
        const query = new URLSearchParams({ from: from! });
        if (to !== undefined) query.set('to', to);
        const data = await new ApiClient(options).get<DiffView>(`/diff?${query}`);
        await print(data, options.output, ({ from: before, to: after, services }) => {
          const rows = services.flatMap((service) =>
            linesOf(service).map((line) => [service.service, line]),
          );
          return rows.length > 0
            ? { head: ['SERVICE', 'WHAT'], rows }
            : `nothing differs between revision ${before.revision} and ${after.revision}`;
        });
      },
    );
}

/** What the API takes: a revision or a time. */
function moment(text: string): string {
  if (/^\d{1,15}$/.test(text)) return text;
  const ago = /^(\d{1,6})(s|m|h|d)$/.exec(text);
  if (ago !== null) return new Date(Date.now() - Number(ago[1]) * UNITS[ago[2]!]!).toISOString();
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new InvalidArgumentError(`Write ${MOMENT}.`);
  return new Date(time).toISOString();
}

function linesOf({ type, endpoints }: DifferenceView): string[] {
  const { added, removed, changed } = endpoints;
  const lines = [
    ...added.map((endpoint) => `+ ${nameOf(endpoint)}`),
    ...removed.map((endpoint) => `- ${nameOf(endpoint)}`),
    ...changed.map((endpoint) => {
      const fields = Object.entries(endpoint.fields).map(
        ([field, [before, after]]) => `${field} ${shown(before)} -> ${shown(after)}`,
      );
      return `~ ${nameOf(endpoint)} ${fields.join(', ')}`;
    }),
  ];
  if (type !== 'updated') lines.unshift(type === 'added' ? 'new' : 'gone');
  return lines.length > 0 ? lines : ['read again'];
}

function nameOf({ id, address, port }: EndpointView): string {
  const at = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  return id === at ? at : `${id} (${at})`;
}

function shown(value: unknown): string {
  return value === null ? 'none' : typeof value === 'string' ? value : JSON.stringify(value);
}
