/** An Envoy bootstrap: its text (YAML or JSON), or the object that becomes the JSON. */
export type EnvoyBootstrap = string | Readonly<Record<string, unknown>>;

/** The administration listener that is added to a bootstrap without one. */
const admin = { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } };

/** The bootstrap as command line arguments; `file` gets what `text` is. */
export function bootstrapFile(bootstrap: EnvoyBootstrap): {
  readonly name: string;
  readonly text: string;
  readonly args: readonly string[];
} {
  if (typeof bootstrap !== 'string') {
    return { name: 'envoy.json', text: JSON.stringify({ admin, ...bootstrap }), args: [] };
  }
  // Envoy merges `--config-yaml` over the file, which spares us a YAML parser.
  const hasAdmin = /^\s*"?admin"?\s*:/m.test(bootstrap);
  const args = hasAdmin ? [] : ['--config-yaml', JSON.stringify({ admin })];
  const name = bootstrap.trimStart().startsWith('{') ? 'envoy.json' : 'envoy.yaml';
  return { name, text: bootstrap, args };
}
