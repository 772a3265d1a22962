// Reads one value out of what /metrics says.

export const countOf = (text: string, name: string, endpoint: string, reason: string): number =>
  Number(new RegExp(`^${name}\\{endpoint="${endpoint}",reason="${reason}"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
