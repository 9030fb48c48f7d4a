import { Command, Option } from 'commander';
import { addApplyCommands } from './commands/apply.ts';
import { addAuditCommand } from './commands/audit.ts';
import { addAuthzCommands } from './commands/authz.ts';
import { addBootstrapCommand } from './commands/bootstrap.ts';
import { addCatalogCommands } from './commands/catalog.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addConfigCommands } from './commands/config.ts';
import { addControlPlaneCommand } from './commands/control-plane.ts';
import { addDeleteCommand } from './commands/delete.ts';
import { addDemoInstanceCommand } from './commands/demo-instance.ts';
import { addDestinationsCommand } from './commands/destinations.ts';
import { addDiscoverCommand } from './commands/discover.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addDrainCommands } from './commands/drain.ts';
import { addExplainCommand } from './commands/explain.ts';
import { addGetCommand } from './commands/get.ts';
import { addIdentityCommands } from './commands/identity.ts';
import { addKubernetesCommand } from './commands/kubernetes.ts';
import { addLintCommand } from './commands/lint.ts';
import { addLockCommands } from './commands/lock.ts';
import { addPastCommands } from './commands/past.ts';
import { addProxyCommand } from './commands/proxy.ts';
import { addProxyConfigCommand } from './commands/proxy-config.ts';
import { addProxyStatusCommand } from './commands/proxy-status.ts';
import { addSidecarCommand } from './commands/sidecar.ts';
import { addTokenCommands } from './commands/token.ts';
import { addUpCommand } from './commands/up.ts';
import { addZkCommands } from './commands/zk.ts';
import { addZooKeeperCommand } from './commands/zookeeper.ts';
import { OUTPUTS } from './output/format.ts';

/** The whole command line. What a command needs is imported when it runs. */
export function createProgram(): Command {
  const program = new Command('meshkeeper')
    .description('A service mesh for the services in your ZooKeeper.')
    .version('0.1.0')
    .addOption(
      new Option('--server <url>', 'API of the control plane')
        .env('MESHKEEPER_SERVER')
        .default('http://127.0.0.1:7070'),
    )
    .option('--token <token>', 'token for the API (default: MESHKEEPER_TOKEN)')
    .addOption(new Option('-o, --output <format>', 'what data is printed as').choices(OUTPUTS))
    .option(
      '--config <file>',
      'the configuration to read (default: meshkeeper.yaml, if it is there)',
    )
    .option('-v, --verbose', 'say more')
    .option('--no-color', 'no colours')
    .showHelpAfterError('(meshkeeper --help shows what there is)')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .exitOverride();
  addUpCommand(program);
  addZooKeeperCommand(program);
  addControlPlaneCommand(program);
  addProxyCommand(program);
  addSidecarCommand(program);
  addCatalogCommands(program);
  addExplainCommand(program);
  addPastCommands(program);
  addDrainCommands(program);
  addApplyCommands(program);
  addGetCommand(program);
  addDeleteCommand(program);
  addProxyStatusCommand(program);
  addProxyConfigCommand(program);
  addDestinationsCommand(program);
  addConfigCommands(program);
  addDiscoverCommand(program);
  addLintCommand(program);
  addDoctorCommand(program);
  addLockCommands(program);
  addIdentityCommands(program);
  addAuthzCommands(program);
  addTokenCommands(program);
  addAuditCommand(program);
  addZkCommands(program);
  addBootstrapCommand(program);
  addKubernetesCommand(program);
  addCompletionCommand(program);
  addDemoInstanceCommand(program);
  return program;
}
