import type { Command } from 'commander';
import { addDeleteCommand } from './config/delete.ts';
import { addDiffCommand } from './config/diff.ts';
import { addDraftCommands } from './config/drafts.ts';
import { addEditCommand } from './config/edit.ts';
import { addExportCommand } from './config/export.ts';
import { addGetCommand } from './config/get.ts';
import { addGrayCommands } from './config/gray.ts';
import { addHistoryCommand } from './config/history.ts';
import { addImportCommand } from './config/import.ts';
import { addInstancesCommand } from './config/instances.ts';
import { addListCommand } from './config/list.ts';
import { addPublishCommand } from './config/publish.ts';
import { addRollbackCommand } from './config/rollback.ts';
import { addRunCommand } from './config/run.ts';
import { addScheduleCommand } from './config/schedule.ts';
import { addSchemaCommand } from './config/schema.ts';
import { addSecretsCommand } from './config/secrets.ts';
import { addSetCommand } from './config/set.ts';
import { addSettingsCommand } from './config/settings.ts';
import { addSignalCommand } from './config/signal.ts';
import { addWatchCommand } from './config/watch.ts';

export function addConfigCommands(program: Command): void {
  const config = program
    .command('config')
    .description('configuration of applications: edited, published, taken back, given to programs');
  addListCommand(config);
  addGetCommand(config);
  addSetCommand(config);
  addEditCommand(config);
  addDiffCommand(config);
  addPublishCommand(config);
  addGrayCommands(config);
  addRollbackCommand(config);
  addHistoryCommand(config);
  addInstancesCommand(config);
  addDraftCommands(config);
  addSchemaCommand(config);
  addSettingsCommand(config);
  addScheduleCommand(config);
  addSignalCommand(config);
  addImportCommand(config);
  addExportCommand(config);
  addSecretsCommand(config);
  addDeleteCommand(config);
  addWatchCommand(config);
  addRunCommand(config);
}
