// Speaks to the API server of Kubernetes: applies, reads, changes and removes objects.
import { Agent, request } from 'node:https';

const REQUEST_MS = 30_000;

/** The paths of the kinds that the chart renders, and of those that the check needs. */
const PLURALS = {
  CustomResourceDefinition: 'customresourcedefinitions',
  HorizontalPodAutoscaler: 'horizontalpodautoscalers',
  Ingress: 'ingresses',
  NetworkPolicy: 'networkpolicies',
};
const CLUSTER_WIDE = ['Namespace', 'Node', 'CustomResourceDefinition'];
const pluralOf = (kind) => PLURALS[kind] ?? `${kind.toLowerCase()}s`;

/** The path of an object, or of all objects of its kind where it has no name. */
export function pathOf({ apiVersion, kind, metadata = {} }, part = '') {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const place = CLUSTER_WIDE.includes(kind) ? '' : `/namespaces/${metadata.namespace}`;
  const name = metadata.name === undefined ? '' : `/${metadata.name}`;
  return `${group}${place}/${pluralOf(kind)}${name}${part}`;
}

/** The API server has a certificate that it made itself, on loopback. */
export function createApi(origin, token) {
  const agent = new Agent({ rejectUnauthorized: false, keepAlive: true });

  function send(method, path, body, type = 'application/json') {
    const headers = {
      Authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'Content-Type': type }),
    };
    return new Promise((resolve, reject) => {
      const options = { method, agent, headers, timeout: REQUEST_MS };
      const call = request(`${origin}${path}`, options, (answer) => {
        const parts = [];
        answer.on('data', (part) => parts.push(part));
        answer.on('end', () => {
          const text = Buffer.concat(parts).toString();
          resolve({ status: answer.statusCode, text, warning: answer.headers.warning });
        });
        answer.on('error', reject);
      });
      call.on('timeout', () => call.destroy(new Error(`${method} ${path}: no answer`)));
      call.on('error', reject);
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** Rejects with the message of the API server, also where it only warns. */
  async function json(method, path, body, type) {
    const { status, text, warning } = await send(method, path, body, type);
    if (status >= 300)
      throw new Error(`${method} ${path}: ${status} ${JSON.parse(text).message ?? text}`);
    // The API server says so of the schemas of others, and they work.
    const isWarned = warning !== undefined && !/unrecognized format/.test(warning);
    if (isWarned) throw new Error(`${method} ${path}: warning: ${warning}`);
    return JSON.parse(text);
  }

  return {
    text: async (path) => (await send('GET', path)).text,
    get: (object) => json('GET', pathOf(object)),
    /** Applies an object as `kubectl apply --server-side --validate=strict` does. */
    apply: (object) => {
      const query = '?fieldManager=check&fieldValidation=Strict&force=true';
      return json('PATCH', pathOf(object) + query, object, 'application/apply-patch+yaml');
    },
    create: (object, part) =>
      json(
        'POST',
        part === undefined
          ? pathOf({ ...object, metadata: { ...object.metadata, name: undefined } })
          : pathOf(object, part),
        object,
      ),
    createIn: (object, part, body) => json('POST', pathOf(object, part), body),
    patchStatus: (object, status) =>
      json(
        'PATCH',
        pathOf(object, '/status'),
        { status },
        'application/strategic-merge-patch+json',
      ),
    remove: (object, options = {}) => json('DELETE', pathOf(object), options),
    close: async () => agent.destroy(),
  };
}
