import type { Instant } from '../base/instant.ts'
import type { Lake } from '../lake/lake.ts'

/** When the lake last took something in, null before the first time. */
export async function newestRecorded(lake: Lake): Promise<Instant | null> {
  const recorded = (await lake.list()).map((snapshot) => snapshot.recordedAt)
  return recorded.sort().at(-1) ?? null
}
