#!/usr/bin/env node
import { existsSync } from 'node:fs';
// As a whole: an older Node.js has not got all of it, and is to be told so in a sentence.
import * as modules from 'node:module';

if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(
    `meshkeeper needs Node.js 24 or newer, this is ${process.version}: install it, or run "npx meshkeeper" in a checkout after "npm ci", which brings its own\n`,
  );
  process.exit(1);
}

// In a checkout the sources run as they are; what is published has only dist/.
const source = new URL('../src/main.ts', import.meta.url);
if (existsSync(source)) {
  modules.registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, { ...context, conditions: [...context.conditions, 'source'] }),
  });
  modules.enableCompileCache?.();
  const { main } = await import(source.href);
  await main(process.argv.slice(2));
} else {
  modules.enableCompileCache?.();
  const { main } = await import('../dist/main.js');
  await main(process.argv.slice(2));
}
