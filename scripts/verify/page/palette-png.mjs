// Writes a screenshot with a palette of 256 colors: it takes a third of the bytes, and looks the
// same, because text has few colors.
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = 8;
const COLORS = 256;

function* chunksOf(png) {
  for (let at = SIGNATURE; at < png.length; ) {
    const end = at + 8 + png.readUInt32BE(at);
    yield { type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, end) };
    at = end + 4;
  }
}

/** The prediction of filter type 4 (PNG, third edition, section 9.4). */
function paeth(left, up, corner) {
  const [a, b, c] = [left, up, corner].map((one) => Math.abs(left + up - corner - one));
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

/** The pixels of an image with 8 bits a channel and without interlacing, as numbers. */
function pixelsOf(png) {
  const parts = [];
  let [width, height, size] = [0, 0, 3];
  for (const { type, data } of chunksOf(png)) {
    if (type === 'IDAT') parts.push(data);
    if (type !== 'IHDR') continue;
    [width, height] = [data.readUInt32BE(0), data.readUInt32BE(4)];
    size = data[9] === 6 ? 4 : 3;
  }
  const [raw, row] = [inflateSync(Buffer.concat(parts)), width * size];
  const bytes = Buffer.alloc(row * height);
  for (let y = 0, at = 0; y < height; y += 1) {
    const filter = raw[y * (row + 1)];
    for (let x = 0; x < row; x += 1, at += 1) {
      const left = x < size ? 0 : bytes[at - size];
      const up = y === 0 ? 0 : bytes[at - row];
      const corner = x < size || y === 0 ? 0 : bytes[at - row - size];
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
      bytes[at] = raw[y * (row + 1) + 1 + x] + guess;
    }
  }
  const pixels = Array.from({ length: width * height }, (_, i) => bytes.readUIntBE(i * size, 3));
  return { width, height, pixels };
}

const channels = (color) => [color >> 16, (color >> 8) & 255, color & 255];
/** Colors that look the same have one. */
const shade = (color) => color & 0xf8f8f8;

/** The most frequent color of each of the most frequent shades. */
function paletteOf(pixels) {
  const counts = new Map();
  for (const color of pixels) counts.set(color, (counts.get(color) ?? 0) + 1);
  const byShade = new Map();
  for (const [color, count] of [...counts].sort((a, b) => b[1] - a[1])) {
    const { first = color, sum = 0 } = byShade.get(shade(color)) ?? {};
    byShade.set(shade(color), { first, sum: sum + count });
  }
  const all = [...byShade.values()].sort((a, b) => b.sum - a.sum);
  return { palette: all.slice(0, COLORS).map(({ first }) => first), colors: [...counts.keys()] };
}

function nearest(color, palette) {
  const wanted = channels(color);
  const distances = palette.map((one) =>
    channels(one).reduce((sum, value, i) => sum + (value - wanted[i]) ** 2, 0),
  );
  return distances.indexOf(Math.min(...distances));
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** @param {Buffer} png */
export function withPalette(png) {
  const { width, height, pixels } = pixelsOf(png);
  const { palette, colors } = paletteOf(pixels);
  const indexOf = new Map(colors.map((color) => [color, nearest(color, palette)]));
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1)
      rows[y * (width + 1) + 1 + x] = indexOf.get(pixels[y * width + x]);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3], 8);
  return Buffer.concat([
    png.subarray(0, SIGNATURE),
    chunk('IHDR', head),
    chunk('PLTE', Buffer.from(palette.flatMap(channels))),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
