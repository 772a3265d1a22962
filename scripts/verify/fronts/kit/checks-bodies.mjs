// Checks requests through a front: rejections of unread bodies, long headers, odd names, large
// bodies.
import { callTool, challengeProblem, padding } from './calls.mjs';

const KB = 1024;
const SIZES = [1, 20, 64, 1024, 4096, 8192].map((size) => size * KB);
const TIMES = 20;
const AT_ONCE = 4;
const ANSWER_MS = 10_000;

const sizeName = (size) => (size < KB * KB ? `${size / KB} KB` : `${size / KB / KB} MB`);

/** Without a token the gateway rejects a body before it has read it. */
async function refusals({ world, client, report }, size, inPieces, fresh) {
  const problems = new Map();
  const body = padding(size);
  const { path, headers } = callTool(world, 'lab', 'answer', { token: null });
  delete headers.authorization;
  const one = async () => {
    const answer = await client.call({ path, headers, body, inPieces, fresh, ms: ANSWER_MS });
    const problem = challengeProblem(answer, [401, 413]);
    if (problem !== null) problems.set(problem, (problems.get(problem) ?? 0) + 1);
  };
  for (let i = 0; i < TIMES; i += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, one));
  const lost = [...problems.values()].reduce((sum, count) => sum + count, 0);
  const why = [...problems].map(([problem, count]) => `${count} x ${problem}`).join('; ');
  const how = `${inPieces ? 'no length' : 'length'}, ${fresh ? 'new connections' : 'kept connections'}`;
  report(`refusals of ${sizeName(size)}, ${how}`, lost === 0, `${lost} of ${TIMES} lost ${why}`);
}

async function longTokens({ world, client, report }) {
  for (const size of [9, 16, 24]) {
    const token = `e${'x'.repeat(size * KB)}`;
    const answer = await client.call(callTool(world, 'lab', 'answer', { token }));
    const problem = challengeProblem(answer);
    report(
      `a bearer of ${size} KB reaches the gateway`,
      problem === null,
      problem ?? answer.status,
    );
  }
}

/** A header name with `_` in it, which some servers drop. */
async function paramNames({ world, client, report }) {
  const headers = { 'mcp-param-a_b': 'kept', 'mcp-method': 'tools/call' };
  const answer = await client.call(callTool(world, 'lab', 'headers', { headers }));
  const isKept = answer.body.includes('mcp-param-a_b');
  report('Mcp-Param-a_b passes', isKept, isKept ? 'yes' : `${answer.status} ${answer.body}`);
}

async function largeBody({ world, client, report }) {
  for (const inPieces of [false, true]) {
    // Such a server answers 411, as docs/hosting/other-servers.md says.
    if (inPieces && world.variant.needsLength === true) continue;
    const params = { name: 'headers', arguments: { padding: 'x'.repeat(4_000_000) } };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
    const { path, headers } = callTool(world, 'lab', 'headers');
    const answer = await client.call({ path, headers, body, inPieces });
    const isWhole = answer.status === 200 && answer.body.includes(String(body.length));
    const label = `a body of 4 MB passes, ${inPieces ? 'no length' : 'length'}`;
    report(label, isWhole, isWhole ? 'yes' : `${answer.status} ${answer.error} ${answer.body}`);
  }
}

export async function checkBodies(context) {
  const { world } = context;
  await longTokens(context);
  await paramNames(context);
  await largeBody(context);
  for (const size of SIZES)
    for (const inPieces of [false, true]) {
      if (inPieces && world.variant.needsLength === true) continue;
      await refusals(context, size, inPieces, inPieces);
    }
}
