import { type Candidate, sourceOf } from './live-names.ts';
import { optionsOfCommand, type Spot } from './spot.ts';

/** What is offered, and what the shell is to do besides. */
export interface Offer {
  readonly candidates: readonly Candidate[];
  /** `files`: the shell's own completion of files. `nospace`: what was completed may go on. */
  readonly directive?: 'files' | 'nospace';
}

/** What an option or an argument is called when its value is a file. */
const FILES = /^(file|dir|path|command)$/;

/** What may stand at a spot. Silent when what could tell is away. */
export async function offerAt(spot: Spot): Promise<Offer> {
  const { command, expects, word, prefix } = spot;
  const fitting = (all: readonly Candidate[]) =>
    all
      .filter(({ value }) => value.startsWith(word))
      .map((each) => ({ ...each, value: prefix + each.value }));
  if (expects.type !== 'option value' && word.startsWith('-') && expects.type !== 'other')
    return { candidates: fitting(optionCandidates(spot)) };
  if (expects.type === 'command')
    return {
      candidates: fitting(
        command
          .createHelp()
          .visibleCommands(command)
          .map((each) => ({ value: each.name(), description: each.description() })),
      ),
    };
  if (expects.type === 'other')
    return word.startsWith('-')
      ? { candidates: fitting(optionCandidates(spot)) }
      : { candidates: [] };
  const { argChoices } = expects.type === 'argument' ? expects.argument : expects.option;
  if (argChoices !== undefined)
    return { candidates: fitting(argChoices.map((value) => ({ value }))) };
  const source = sourceOf(spot);
  if (source !== undefined) {
    const candidates = fitting(await source(spot).catch(() => []));
    return candidates.length > 0 && candidates.every(({ value }) => value.startsWith('/'))
      ? { candidates, directive: 'nospace' }
      : { candidates };
  }
  const placeholder =
    expects.type === 'argument'
      ? expects.argument.name()
      : (/[<[]([^>\].]+)/.exec(expects.option.flags)?.[1] ?? '');
  return { candidates: [], ...(FILES.test(placeholder) && { directive: 'files' }) };
}

/** Those that were not given yet, or may be given again. */
function optionCandidates({ command, options }: Spot): Candidate[] {
  return optionsOfCommand(command)
    .filter((option) => option.variadic || !(option.attributeName() in options))
    .flatMap(({ long, short, description }) => {
      const value = long ?? short;
      return value === undefined ? [] : [{ value, description }];
    });
}
