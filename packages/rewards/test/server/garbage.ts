import type { PRNG } from 'seedrandom';

/** Bytes to be sent over a bare connection, and what kind of nonsense they are. */
export interface Garbage {
  readonly kind: string;
  readonly bytes: Buffer;
}

const SAMPLE = { id: 'a', response: '<think>ü</think><answer>3</answer>', extra: { mos: 3, tags: ['x', null, 1e3] } };
const PATHS = ['/v1/score', '/get_reward', '/slime', '/verify', '/seed_session'];
const WRONG_TYPES = [
  'application/xml',
  'text/plain',
  'application/json5',
  'multipart/form-data; boundary=x',
  ';;',
  'json',
  '',
];
const WRONG_VALUES = [null, 0, -1.5, true, '', 'a', [], [1], [[]], {}, { a: 1 }, { samples: 1 }, { query: [1] }];

/** A request that no server should take: one of ten kinds, drawn and filled at random. */
export function drawGarbage(random: PRNG): Garbage {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const upTo = (n: number): number => Math.floor(random() * n);
  const noise = (n: number): Buffer => Buffer.from(Array.from({ length: n }, () => upTo(256)));
  const valid = JSON.stringify(random() < 0.5 ? SAMPLE : { samples: [SAMPLE, SAMPLE] });
  const request = (body: Buffer | string, headers: Record<string, string | number> = {}, start?: string): Buffer => {
    const all = { host: 'a', connection: 'close', 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers }; // prettier-ignore
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
    return Buffer.concat([Buffer.from(`${start ?? 'POST /v1/score HTTP/1.1'}\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body)]); // prettier-ignore
  };
  const to = (path: string): string => `POST ${path} HTTP/1.1`;

  const kinds: Record<string, () => Buffer> = {
    'truncated JSON': () => request(valid.slice(0, upTo(valid.length - 1))),
    'noise in JSON': () => {
      const at = 1 + upTo(valid.length - 2);
      return request(Buffer.concat([Buffer.from(valid.slice(0, at)), Buffer.from([upTo(9)]), noise(upTo(9)), Buffer.from(valid.slice(at))])); // prettier-ignore
    },
    'noise as JSON': () => request(Buffer.concat([noise(upTo(300)), Buffer.from([0])]), {}, to(pick(PATHS))),
    'the wrong types': () => {
      const value = pick(WRONG_VALUES);
      const bodies = [value, { samples: [value] }, { response: [value] }, { response: '', extra: [value] }, { response: '', [`f${upTo(99)}`]: value }, { samples: value ?? 0, response: '' }]; // prettier-ignore
      const path = pick(PATHS.slice(0, 4));
      return request(JSON.stringify(path === '/v1/score' ? pick(bodies.slice(1)) : value), {}, to(path));
    },
    'towers of brackets': () => {
      const [open, close] = pick([
        ['[', ']'],
        ['{"a":', '}'],
      ] as const);
      const depth = 101 + upTo(2000) * (random() < 0.05 ? 50 : 1);
      const tower = open.repeat(depth) + (random() < 0.5 ? `1${close.repeat(depth)}` : '');
      return request(`{"response":"","extra":${tower}}`, {}, to(pick(PATHS)));
    },
    'the wrong content type': () => request(valid, { 'content-type': pick(WRONG_TYPES) }, to(pick(PATHS))),
    'another encoding': () =>
      request(Buffer.concat([Buffer.from([0x1f, 0x8b]), noise(50)]), { 'content-encoding': 'gzip' }),
    'a wrong length': () => {
      const size = Buffer.byteLength(valid);
      const lengths = [
        size + 1 + upTo(99),
        upTo(size - 1),
        -1,
        '1e3',
        '0x10',
        'abc',
        '',
        `${size}, ${size + 1}`,
        '9'.repeat(30),
      ];
      return request(valid, { 'content-length': pick(lengths) });
    },
    'wrong chunks': () => {
      const chunks = pick([
        'zz\r\nabc\r\n',
        `${'f'.repeat(20)}\r\n`,
        '5\r\nabc',
        '-1\r\n',
        '3\r\nabcdef\r\n0\r\n\r\n',
        '2\r\n{x\r\n0\r\n\r\n',
      ]);
      const head = 'POST /v1/score HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n';
      return Buffer.from(`${head}transfer-encoding: chunked\r\n\r\n${chunks}`);
    },
    'no HTTP': () =>
      pick([
        () => Buffer.concat([noise(1 + upTo(400)), Buffer.from('\r\n\r\n')]),
        () => request(valid, {}, pick(['FOO /v1/score HTTP/1.1', 'POST /v1/score HTTP/9.9', 'POST', 'GET  HTTP/1.1', '{"response": ""}'])), // prettier-ignore
        () => request(valid, { [pick(['a b', 'a\0', '\x80', '('])]: 'x' }),
        () => request(valid, { 'x-long': 'x'.repeat(20_000) }),
        () => request(valid, { 'transfer-encoding': 'chunked' }), // beside a content-length: request smuggling
      ])(),
    'no such address': () => request(valid, {}, pick([to(`/${upTo(1e6)}`), to('/v1/score/'), to('/%zz'), 'PUT /v1/score HTTP/1.1', 'DELETE /slime HTTP/1.1', to('/metrics')])), // prettier-ignore
  };
  const kind = pick(Object.keys(kinds));
  return { kind, bytes: kinds[kind]!() };
}
