import { join } from 'node:path';
import { requireComponent } from '../component.ts';
import { type CommandResult, run } from '../process/command.ts';
import { tempDir } from '../temp-dir.ts';

/** How {@link runKubectl} and {@link runHelm} run. */
export interface KubernetesToolOptions {
  /** Default: none, no cluster is asked. */
  readonly kubeconfig?: string | undefined;
  /** Its standard input. */
  readonly input?: string | undefined;
}

/**
 * Runs kubectl to its end, within 60 s. A status other than 0 is a result, not an error.
 *
 * @throws TestbedError `component-missing`, `timeout`
 */
export function runKubectl(
  args: readonly string[],
  options: KubernetesToolOptions = {},
): Promise<CommandResult> {
  return runTool('kubectl', args, options);
}

/** The same with helm. */
export function runHelm(
  args: readonly string[],
  options: KubernetesToolOptions = {},
): Promise<CommandResult> {
  return runTool('helm', args, options);
}

/** What Kubernetes' schemas say of objects. */
export interface Validation {
  /** Objects that are as their schema says, to the letter: a field that it doesn't know is a problem. */
  readonly valid: number;
  /** A line each; also for an object that there is no schema of. */
  readonly problems: readonly string[];
}

/**
 * Holds objects against Kubernetes' published OpenAPI schemas.
 *
 * @param manifests YAML
 * @throws TestbedError `component-missing`, `timeout`
 */
export async function validateManifests(manifests: string): Promise<Validation> {
  const { stdout, stderr } = await run(
    requireComponent('kubernetes-validate'),
    ['-m', 'kubernetes_validate', '--strict', '-'],
    { input: manifests, timeout: 60_000, env: { PYTHONDONTWRITEBYTECODE: '1' } },
  );
  const lines = `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
  const problems = lines.filter((line) => !/^INFO .* passed /.test(line));
  return { valid: lines.length - problems.length, problems };
}

async function runTool(
  name: 'kubectl' | 'helm',
  args: readonly string[],
  { kubeconfig, input }: KubernetesToolOptions,
): Promise<CommandResult> {
  // Both keep what they have learnt of servers in the home folder.
  await using home = await tempDir();
  return await run(join(requireComponent('kubernetes-tools'), name), args, {
    env: { HOME: home.path, KUBECONFIG: kubeconfig ?? '/dev/null' },
    input,
    timeout: 60_000,
  });
}
