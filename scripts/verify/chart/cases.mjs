// The mistakes in values that the chart must reject, each with a part of its message.
//
// Each case begins with values that render, and changes one thing.

/** `--set` changes ci/minimal-values.yaml, which has one replica and no session key. */
export const REJECTED = [
  { set: ['replicaCount=2'], message: 'openssl rand -base64 32' },
  { set: ['autoscaling.enabled=true'], message: 'sessionKeys: more than one replica' },
  { set: ['config.listen.host=127.0.0.1'], message: 'config.listen: remove it' },
  { set: ['config.admin.host=127.0.0.1'], message: 'config.admin.host: remove it' },
  { set: ['config.admin.port=1'], message: 'config.admin.port: remove it' },
  { set: ['config.drain.delaySeconds=1'], message: 'config.drain: remove it' },
  { set: ['config.publicUrl='], message: "at '/config/publicUrl'" },
  { set: ['config.publicUrll=https://a.example'], message: "'publicUrll' not allowed" },
  { set: ['config.logLevel=loud'], message: "at '/config/logLevel'" },
  { set: ['config.issuers.main.isuer=x'], message: "'isuer' not allowed" },
  { set: ['replicas=2'], message: "'replicas' not allowed" },
  { set: ['drain.delaySeconds=301'], message: "at '/drain/delaySeconds'" },
  { set: ['sessionKeys.values={short}'], message: "at '/sessionKeys/values/0'" },
  { set: ['image.digest=sha256:1'], message: "at '/image/digest'" },
  { set: ['image.repository=a\n  b: c'], message: "at '/image/repository'" },
  { set: ['image.repository=registry.example.com/a:1.0'], message: "at '/image/repository'" },
  { set: ['image.repository=https://registry.example.com/a'], message: "at '/image/repository'" },
  { set: ['ingress.className=a\n  b: c'], message: "at '/ingress/className'" },
  {
    set: ['extraEnv[0].name=PORTCULLIS_CONFIG', 'extraEnv[0].value=/other.yaml'],
    message: 'extraEnv: remove PORTCULLIS_CONFIG',
  },
  { set: ['httpRoute.enabled=true'], message: 'httpRoute.parentRefs: name your Gateway' },
  {
    set: ['secrets[0].name=session', 'secrets[0].secretName=a', 'secrets[0].keys={b}'],
    message: 'the name session is taken',
  },
  {
    set: ['config.apiKeysFile=/etc/portcullis/secrets/keys/keys.jsonl'],
    message: 'no entry of secrets has the file /etc/portcullis/secrets/keys/keys.jsonl',
  },
  {
    set: ['config.sessionKeys[0]=${env:SESSION_KEY}'],
    message: 'no entry of extraEnv has the variable SESSION_KEY',
  },
  {
    set: ['sessionKeys.existingSecret=a', 'config.sessionKeys[0]=${file:/keys}'],
    message: 'config.sessionKeys: remove it',
  },
  {
    set: [
      'sessionKeys.existingSecret=a',
      'sessionKeys.values={h1pF0mUB93tFOQDHV7jGqmeIMTEnC5XhcHuQEp2FZ1c=}',
    ],
    message: 'write existingSecret or values, not both',
  },
  {
    set: ['sidecars[0].name=a', 'sidecars[0].image=b'],
    kubernetes: '1.28.0',
    message: 'they need Kubernetes 1.29',
  },
  { set: [], kubernetes: '1.26.0', message: 'incompatible with Kubernetes v1.26.0' },
];

/** Near each mistake there is a value that the chart accepts. */
export const ACCEPTED = [
  { set: ['replicaCount=2', 'sessionKeys.existingSecret=a'] },
  { set: ['autoscaling.enabled=true', 'config.sessionKeys[0]=${file:/keys}'] },
  { set: ['config.admin.hosts={metrics.example.com}', 'config.logLevel=warn'] },
  { set: ['drain.delaySeconds=300'] },
  { set: ['ingress.enabled=true', 'config.endpoints[0].resource={https://a.example/files/mcp}'] },
  { set: ['image.repository=registry:5000/a'] },
  { set: ['image.repository=portcullis'] },
  { set: ['image.repository=registry.example:5000/a_b/portcullis', 'ingress.className=nginx'] },
  { set: ['sessionKeys.values={h1pF0mUB93tFOQDHV7jGqmeIMTEnC5XhcHuQEp2FZ1c=}'] },
  { set: ['httpRoute.enabled=true', 'httpRoute.parentRefs[0].name=public'] },
  {
    set: [
      'config.apiKeysFile=/etc/portcullis/secrets/keys/keys.jsonl',
      'secrets[0].name=keys',
      'secrets[0].secretName=a',
      'secrets[0].keys={keys.jsonl}',
    ],
  },
  {
    set: [
      'config.sessionKeys[0]=${env:SESSION_KEY}',
      'extraEnv[0].name=SESSION_KEY',
      'extraEnv[0].value=a',
    ],
  },
  {
    set: ['config.sessionKeys[0]=${env:SESSION_KEY}', 'extraEnvFrom[0].secretRef.name=a'],
  },
  { set: ['sidecars[0].name=a', 'sidecars[0].image=b'], kubernetes: '1.29.0' },
  { set: [], kubernetes: '1.27.0' },
];
