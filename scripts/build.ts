/** Emits `dist/` with declarations for every package that is published: `npm run build`. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { workspacePackages } from './packages.ts';

const GENERATED = 'codec/generated';

for (const { folder, name, private: hidden } of workspacePackages()) {
  if (hidden) continue;
  const dist = join(folder, 'dist');
  rmSync(dist, { recursive: true, force: true });
  const config = join(folder, 'tsconfig.build.json');
  // Without the `source` condition: a package is built against what its dependencies publish.
  const options = {
    extends: '../../tsconfig.base.json',
    compilerOptions: { rootDir: 'src', outDir: 'dist', declaration: true, noEmitOnError: true },
    include: ['src'],
  };
  writeFileSync(config, JSON.stringify(options));
  try {
    execFileSync('tsc', ['-p', config], { stdio: 'inherit', shell: process.platform === 'win32' });
  } finally {
    rmSync(config);
  }
  // Generated code is JavaScript already.
  const generated = join(folder, 'src', GENERATED);
  if (existsSync(generated)) cpSync(generated, join(dist, GENERATED), { recursive: true });
  process.stderr.write(`built ${name}\n`);
}
