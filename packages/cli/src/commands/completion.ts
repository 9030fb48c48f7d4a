import { Argument, type Command } from 'commander';
import { SCRIPTS, SHELLS, type Shell } from '../completion/scripts.ts';
import { withExamples } from '../examples.ts';

/** After this, in milliseconds, whoever waits at the keyboard gets nothing. */
const LATEST = 1_500;

export function addCompletionCommand(program: Command): void {
  withExamples(
    program
      .command('completion')
      .addArgument(new Argument('<shell>', 'the shell to print it for').choices(SHELLS))
      .description('print the script that lets a shell complete commands, flags and live names'),
    [
      'source <(meshkeeper completion bash)     # in ~/.bashrc',
      'source <(meshkeeper completion zsh)      # in ~/.zshrc, after compinit',
      'meshkeeper completion fish | source      # in ~/.config/fish/config.fish',
    ],
    [
      'Names of services, endpoints, policies and data planes are asked of the API, paths of ZooKeeper;',
      'when they are away nothing is offered.',
    ],
  ).action((shell: Shell) => void process.stdout.write(SCRIPTS[shell]));
  program
    .command('__complete', { hidden: true })
    .argument('[words...]', 'those of the command line, the one to be completed last')
    .option('--line <text>', 'the command line as a whole, up to the cursor')
    .action(async (words: readonly string[], { line }: { readonly line?: string }) => {
      const late = setTimeout(() => process.exit(0), LATEST);
      const { partialWords } = await import('../words.ts');
      const { spotOf } = await import('../completion/spot.ts');
      const { offerAt } = await import('../completion/candidates.ts');
      const typed = line === undefined ? words : partialWords(line).slice(1);
      const { candidates, directive } = await offerAt(spotOf(program, typed));
      const lines = [
        ...(directive === undefined ? [] : [`:${directive}`]),
        ...candidates.map(({ value, description }) =>
          description ? `${value}\t${description}` : value,
        ),
      ];
      // What a name holds can't be another candidate.
      const whole = lines.filter((each) => !each.includes('\n'));
      process.stdout.write(whole.map((each) => `${each}\n`).join(''));
      clearTimeout(late);
    });
}
