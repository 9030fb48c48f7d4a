import { definition, type JsonSchema, OWN_KINDS } from '@meshkeeper/kubernetes';
import { isPolicyKind, jsonSchemas } from '@meshkeeper/policy';
import { stringify } from 'yaml';

/** The CustomResourceDefinitions of our kinds, by file: for `kubectl apply` and for the Helm chart. */
export function crds(): ReadonlyMap<string, string> {
  const schemas = jsonSchemas();
  const files = new Map<string, string>();
  for (const own of OWN_KINDS) {
    if (!isPolicyKind(own.kind)) throw new Error(`there is no kind ${own.kind}`);
    // Ours have no schemas that are true or false.
    const text = stringify(definition(own, schemas[own.kind] as JsonSchema), {
      // As which kubectl and Helm read it: there `on` is true, unless it is quoted.
      version: '1.1',
      lineWidth: 0,
      aliasDuplicateObjects: false,
    });
    for (const folder of ['deploy/kubernetes/crds', 'deploy/helm/meshkeeper/crds'])
      files.set(`${folder}/${own.plural}.yaml`, `# Written by \`npm run docs\`.\n${text}`);
  }
  return files;
}
