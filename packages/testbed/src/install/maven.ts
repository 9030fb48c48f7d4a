import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrFail } from '../process/command.ts';
import type { MavenArtifact } from '../versions.ts';

/** What to copy. */
export interface Jars {
  artifacts: readonly MavenArtifact[];
  /** What is left out although something depends on it, as `group:artifact`. Default nothing. */
  without?: readonly string[] | undefined;
}

/** Copies artifacts and all they depend on into `<dir>/lib`. */
export async function copyJars(
  dir: string,
  jars: Jars,
  options: { signal?: AbortSignal | undefined },
): Promise<void> {
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'pom.xml'), pom(jars));
  const args = ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=lib'];
  await runOrFail('mvn', args, { cwd: dir, signal: options.signal });
}

function pom({ artifacts, without = [] }: Jars): string {
  const exclusions = without.map((excluded) => {
    const [group, name] = excluded.split(':');
    return `<exclusion><groupId>${group}</groupId><artifactId>${name}</artifactId></exclusion>`;
  });
  const dependencies = artifacts.map((artifact) => {
    const [group, name, version] = artifact.split(':');
    return `    <dependency>
      <groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version>
      <exclusions>${exclusions.join('')}</exclusions>
    </dependency>`;
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>io.meshkeeper</groupId><artifactId>testbed</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies>
${dependencies.join('\n')}
  </dependencies>
</project>
`;
}
