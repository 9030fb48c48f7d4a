import type { Command } from 'commander';
import type { DoctorFlags } from '../doctor/facts.ts';
import { withExamples } from '../examples.ts';
import { ExitCode } from '../exit-code.ts';
import { optionsOf } from '../global-options.ts';
import { print } from '../output/format.ts';
import { StatusLine } from '../output/status-line.ts';
import { wholeNumber } from '../whole-number.ts';

/** ZooKeeper's own `jute.maxbuffer`. */
const MAX_BUFFER = 0xf_ffff;
/** Milliseconds between two lines about long work where nobody looks. */
const PROGRESS = 5_000;

export function addDoctorCommand(program: Command): void {
  withExamples(
    program
      .command('doctor')
      .description('check the set-up end to end, and say what to do')
      .option('--zookeeper <connect>', 'the ensemble: host:port,host:port/chroot')
      .option('--envoy [file]', 'Envoy is used: look at it, too (default: envoy of the PATH)')
      .option(
        '--max-buffer <bytes>',
        "the ensemble's jute.maxbuffer, which no list or znode may exceed",
        wholeNumber,
        MAX_BUFFER,
      ),
    [
      'meshkeeper doctor',
      'meshkeeper doctor --zookeeper zk1:2181,zk2:2181 --server http://mesh1:7070',
      'meshkeeper doctor -o json | jq -r \'.checks[] | select(.outcome == "error").id\'',
    ],
    [
      'It reads; to know whether it may write, it creates an ephemeral znode and deletes it at once.',
      'What depends on something that is away is not looked at. Exits with 1 when there are errors.',
    ],
  ).action(async (_: unknown, command: Command) => {
    const options = optionsOf<DoctorFlags>(command);
    const { CHECKS } = await import('../doctor/checks.ts');
    const { Facts } = await import('../doctor/facts.ts');
    const { runChecks } = await import('../doctor/run.ts');
    const { reportText } = await import('../doctor/report.ts');
    await using facts = new Facts(options);
    const outcomes = await (async () => {
      using line = new StatusLine(PROGRESS);
      let done = 0;
      return runChecks(CHECKS, facts, () => line.show(`${++done} of ${CHECKS.length} looked at`));
    })();
    const count = (wanted: string) => outcomes.filter(({ outcome }) => outcome === wanted).length;
    const report = { errors: count('error'), warnings: count('warning'), checks: outcomes };
    await print(report, options.output, () => reportText(outcomes));
    if (report.errors > 0) process.exitCode = ExitCode.FAILED;
  });
}
