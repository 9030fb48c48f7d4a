import type { Command } from 'commander';
import { createProgram } from 'meshkeeper';

/** The page of all commands. */
export function commandReference(): string {
  const program = createProgram();
  return [
    '# Commands',
    '',
    '<!-- Written by `npm run docs`. -->',
    '',
    'Data goes to standard output, messages to standard error. Exit codes: 0 done, 1 failed, 2 wrong',
    'usage, 3 not found or not converged. Long-running commands print a line of JSON when they are ready',
    'with `-o json`, and end with SIGINT or SIGTERM.',
    '',
    '## What is printed',
    '',
    'Tables at a terminal, fitted to it; JSON where nobody looks, unless `-o` says something else. A line that',
    'says what to do, or what is being waited for, is on standard error. JSON and YAML are stable: members',
    'are added, none is renamed or taken away without a line in the CHANGELOG. Commands that ask the API',
    'print what it answers, as `/api/v1/openapi.json` describes it: `services`, `endpoints`, `explain`,',
    '`history`, `diff`, `get`, `apply`, `proxy-status`, `proxy-config`. The others:',
    '',
    '| command | prints |',
    '|---|---|',
    '| `discover` | `{registries: [{name, dialect, root}]}`, a configuration as it stands |',
    '| `lint` | `{registries: [{name, dialect, root, znodes, instances}], findings: [{severity, code, path, service, message, fix, collectable}], collected?}` |',
    '| `doctor` | `{errors, warnings, checks: [{id, group, outcome: ok, warning, error or skipped, text, findings: [{severity, seen, todo}]}]}` |',
    '| `zk ls` | names; `zk get` `{path, data, stat}`; `zk stat` the metadata; `zk tree` `{name, path, children, more}`; `zk acl` `[{scheme, id, perms}]`; `zk mntr` `[{server, figures}]` |',
    '| long-running ones | `{event: "ready", api, xds, gateway, outbound, dns, zookeeper}`, of these what applies |',
    '',
    'With `--watch` it is a line of JSON, or a document of YAML, for each change. Colours are for terminals:',
    '`NO_COLOR` and `--no-color` take them away, `FORCE_COLOR` brings them. What destroys asks at a terminal,',
    'and wants `--yes` elsewhere.',
    '',
    '## Flags of every command',
    '',
    ...options(program),
    ...shown(program).flatMap((command) => section(command, 'meshkeeper')),
  ].join('\n');
}

function section(command: Command, parent: string): string[] {
  const name = `${parent} ${command.name()}`;
  if (command.commands.length > 0) return shown(command).flatMap((child) => section(child, name));
  const args = command.registeredArguments.map((arg) =>
    named(arg.required, `${arg.name()}${arg.variadic ? '...' : ''}`),
  );
  return [
    '',
    `## ${name}${args.join('')}`,
    '',
    sentence(command.description()),
    '',
    ...examples(command),
    ...argumentsOf(command),
    ...options(command),
  ];
}

/** Commands that help shows. */
function shown(command: Command): Command[] {
  const all = command.createHelp().visibleCommands(command);
  return all.filter((child) => child.name() !== 'help');
}

/** What stands below a command's help, which is only there when help is printed. */
function examples(command: Command): string[] {
  let help = '';
  command.configureOutput({
    writeOut: (text) => {
      help += text;
    },
  });
  command.outputHelp();
  const [, text = ''] = help.split(/^Examples?:\n/m);
  const lines = text.split('\n').filter((line) => line.startsWith('  '));
  return lines.length === 0 ? [] : ['```sh', ...lines.map((line) => line.slice(2)), '```', ''];
}

function argumentsOf(command: Command): string[] {
  const rows = command.registeredArguments.map((arg) => {
    const name = `${arg.name()}${arg.variadic ? '...' : ''}`;
    return `| \`${named(arg.required, name).trim()}\` | ${sentence(arg.description)}${choices(arg.argChoices)} |`;
  });
  return rows.length === 0 ? [] : ['| argument | |', '|---|---|', ...rows, ''];
}

function choices(allowed: readonly string[] | undefined): string {
  return allowed ? ` One of ${allowed.map((choice) => `\`${choice}\``).join(', ')}.` : '';
}

function named(required: boolean, name: string): string {
  return required ? ` <${name}>` : ` [${name}]`;
}

function options(command: Command): string[] {
  if (command.options.length === 0) return [];
  const rows = command.options.map((option) => {
    const { flags, description, defaultValue, defaultValueDescription, argChoices, envVar } =
      option;
    const value = defaultValueDescription ?? defaultValue;
    const preset = value === undefined || value === true ? '' : ` Default \`${value}\`.`;
    const variable = envVar === undefined ? '' : ` Or the environment's \`${envVar}\`.`;
    return `| \`${flags}\` | ${sentence(description)}${choices(argChoices)}${preset}${variable} |`;
  });
  return ['| flag | |', '|---|---|', ...rows, ''];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`.replace(/\.\.$/, '.');
}
