// Reads the count of an endpoint and reason in the text of /metrics: the sum of all statuses.

export function countOf(text: string, name: string, endpoint: string, reason: string): number {
  const labels = `endpoint="${endpoint}",reason="${reason}"(?:,status="\\dxx")?`;
  const counts = [...text.matchAll(new RegExp(`^${name}\\{${labels}\\} (\\d+)$`, 'gm'))];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}
