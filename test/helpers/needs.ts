import { describe, test } from 'vitest'

/**
 * What a test needs and this machine lacks, as a sentence; undefined where it is there. CI must have everything, but for
 * what cannot be had everywhere (`ciMayLackIt`).
 */
export type Missing = { what: string; ciMayLackIt?: boolean } | undefined

type Body = () => void | Promise<void>

/** A test that says what it misses: skipped where something is missing, failed in CI. It never vanishes. */
export function testWith(title: string, missing: Missing, body: Body, timeout?: number): void {
  if (missing === undefined) test(title, body, timeout)
  else lacking(title, missing)
}

/** Many tests that need the same. Where it is missing, one test stands for them. */
export function describeWith(title: string, missing: Missing, body: () => void): void {
  if (missing === undefined) describe(title, body)
  else describe(title, () => lacking('all of it', missing))
}

function lacking(title: string, { what, ciMayLackIt = false }: NonNullable<Missing>): void {
  console.warn(`not tested here, ${what}: ${title}`)
  if (process.env.CI !== 'true' || ciMayLackIt) test.skip(`${title} (${what})`)
  else
    test(title, () => {
      throw new Error(`CI must have it: ${what}`)
    })
}
