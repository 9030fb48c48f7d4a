/** Writes `docs/reference/` and `meshkeeper.schema.json` from the commands and the schemas: `npm run docs`. */
import { writeFileSync } from 'node:fs';
import { commandReference } from './docs/commands.ts';
import { configurationReference, configurationSchema } from './docs/configuration.ts';
import { crds } from './docs/crds.ts';
import { openApiDocument } from './docs/openapi.ts';
import { policiesReference, policiesSchema } from './docs/policies.ts';

/** What is generated, by file. */
export async function generated(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['docs/reference/cli.md', commandReference()],
    ['docs/reference/configuration.md', await configurationReference()],
    ['docs/reference/openapi.json', await openApiDocument()],
    ['docs/reference/policies.md', policiesReference()],
    ['docs/reference/policies.schema.json', policiesSchema()],
    ['meshkeeper.schema.json', await configurationSchema()],
    ...crds(),
  ]);
}

if (import.meta.main) for (const [file, text] of await generated()) writeFileSync(file, text);
