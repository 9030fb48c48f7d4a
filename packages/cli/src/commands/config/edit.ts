import type { Command } from 'commander';
import { withExamples } from '../../examples.ts';
import { CliError } from '../../exit-code.ts';
import { type GlobalOptions, optionsOf } from '../../global-options.ts';
import { clean } from '../../output/table.ts';
import type { ChangeView, DraftView } from './answers.ts';
import { ConfigApi, pathOf, Refused } from './api.ts';
import { changesText, countText } from './change-text.ts';
import type { LineFault, readEdited } from './edit-text.ts';
import { publish } from './publish.ts';
import { nameOf, TARGET, type Target, target } from './target.ts';

interface Flags {
  readonly publish?: boolean;
  readonly message?: string;
}

export function addEditCommand(config: Command): void {
  const edit = config
    .command('edit')
    .argument('<application>', TARGET, target)
    .description('change the draft in $VISUAL or $EDITOR, as YAML with comments')
    .option('--publish', 'publish it, too, after asking')
    .option('-m, --message <text>', 'why, for those who come after; with --publish');
  withExamples(
    edit,
    [
      'meshkeeper config edit shop/prod',
      'EDITOR="code --wait" meshkeeper config edit shop --publish',
    ],
    [
      'What is wrong is told with its line, and can be edited again. A text that is left as it was changes nothing.',
    ],
  ).action(async (of: Target, _: unknown, own: Command) => {
    await editDraft(of, optionsOf<Flags>(own));
  });
}

interface Attempt {
  readonly body: unknown;
  readonly faults: readonly LineFault[];
  readonly lineOf: (key: string) => number | undefined;
}

async function editDraft(of: Target, options: Flags & GlobalOptions): Promise<void> {
  const { edited } = await import('./editor.ts');
  const { editText, readEdited } = await import('./edit-text.ts');
  const api = new ConfigApi(options);
  const path = `${pathOf(of)}/draft`;
  const { data: draft, etag } = await api.get<DraftView>(path);
  const isKeys = draft.format === 'keys';
  const first = isKeys
    ? editText(draft.entries, titleOf(of, draft))
    : (draft.entries.content?.value ?? '');
  const ending = ENDINGS[draft.format];
  for (let text = first; ; ) {
    text = await edited(text, ending);
    if (text === first) throw new CliError('nothing was changed');
    const attempt = isKeys ? attemptOf(readEdited(text, draft.entries)) : documentOf(text, draft);
    const faults = [...attempt.faults];
    if (faults.length === 0) {
      try {
        const { data } = await api.send<{ changes: readonly ChangeView[] }>(
          ...(['PUT', path, attempt.body, { ifMatch: etag }] as const),
        );
        tell(of, data.changes);
        break;
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        if (error.status === 412)
          throw new CliError(`${error.message}\n${kept(text)}`, undefined, { cause: error });
        if (error.faults.length === 0) throw error;
        for (const { key, path: within, message } of error.faults)
          faults.push({
            line: (key === undefined ? undefined : attempt.lineOf(key)) ?? 1,
            message: `${key ?? ''}${within ?? ''}: ${message}`,
          });
      }
    }
    for (const { line, message } of faults.toSorted((a, b) => a.line - b.line))
      process.stderr.write(`draft${ending}:${line}: ${clean(message)}\n`);
    if (!(await again())) throw new CliError(`nothing was changed\n${kept(text)}`);
  }
  if (options.publish) await publish(of, options);
}

const ENDINGS: Readonly<Record<DraftView['format'], string>> = {
  keys: '.yaml',
  ...{ json: '.json', yaml: '.yaml', properties: '.properties', text: '.txt' },
};

function titleOf(of: Target, { base, by, at }: DraftView): string[] {
  const on = base === 0 ? 'nothing is published yet' : `on release ${base}`;
  const who = by === undefined ? '' : `, edited by ${by} at ${at}`;
  return [
    `${of.application}/${of.namespace}: the draft, ${on}${who}.`,
    'Values are text. Others have their type as a tag: !json, !yaml, !properties, !secret.',
    'A secret is "!secret unchanged"; write its new text in place of that.',
    'A comment above a key is kept with it.',
  ];
}

function attemptOf({ entries, faults, lineOf }: ReturnType<typeof readEdited>): Attempt {
  return { body: { format: 'keys', entries }, faults, lineOf };
}

function documentOf(document: string, { format }: DraftView): Attempt {
  return { body: { format, document }, faults: [], lineOf: () => 1 };
}

function tell(of: Target, changes: readonly ChangeView[]): void {
  const name = nameOf(of);
  if (changes.length > 0) process.stdout.write(`${changesText(changes)}\n`);
  process.stderr.write(
    changes.length === 0
      ? `the draft of ${name} is what is published already\n`
      : `the draft of ${name}: ${countText(changes)}; "meshkeeper config publish ${name}" makes it count\n`,
  );
}

async function again(): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false;
  const { confirm } = await import('@clack/prompts');
  return (await confirm({ message: 'Edit it again?', output: process.stderr })) === true;
}

/** So that nobody's work is lost. */
function kept(text: string): string {
  return `what was written:\n${text}`;
}
