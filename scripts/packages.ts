import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A workspace package, as its `package.json` says. */
export interface WorkspacePackage {
  readonly name: string;
  /** Folder, from the root. */
  readonly folder: string;
  readonly private: boolean;
  /** Names of the workspace packages that it depends on. */
  readonly dependencies: readonly string[];
  /** Names of what whoever uses it brings along, if they use that part of it. */
  readonly peers: readonly string[];
}

/** All packages, each after those that it depends on. */
export function workspacePackages(): readonly WorkspacePackage[] {
  const all = readdirSync('packages').map((name) => read(join('packages', name)));
  const names = new Set(all.map(({ name }) => name));
  const ordered: WorkspacePackage[] = [];
  const add = (name: string) => {
    const found = all.find((candidate) => candidate.name === name);
    if (found === undefined || ordered.includes(found)) return;
    for (const dependency of found.dependencies) if (names.has(dependency)) add(dependency);
    ordered.push(found);
  };
  for (const { name } of all) add(name);
  return ordered;
}

function read(folder: string): WorkspacePackage {
  // Written by us, and npm has read it before.
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    private?: boolean;
    dependencies?: Record<string, string>;
    peerDependencies?: Record<string, string>;
  };
  return {
    name: manifest.name,
    folder,
    private: manifest.private ?? false,
    dependencies: Object.keys(manifest.dependencies ?? {}),
    peers: Object.keys(manifest.peerDependencies ?? {}),
  };
}
