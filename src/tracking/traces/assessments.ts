import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import { PlatformError } from '../../base/errors.ts'
import type { Sql } from '../../db/sql.ts'
import { exactJson } from '../../wire/exact-json.ts'
import { limitOf, overLimit } from '../../wire/limits.ts'
import * as queries from './queries.ts'

/** As MLflow writes it; what we know of it is its ids and times. */
export type Assessment = Record<string, unknown>

type Deps = { sql: Sql; clock: Clock; get(traceId: string): Promise<unknown> }

/** What somebody thought of a trace, or would have wanted: kept as the client said it. */
export function createAssessments({ sql, clock, get }: Deps) {
  const now = () => new Date(clock.nowMs()).toISOString()
  async function store(tx: Sql, traceId: string, id: string, document: Assessment): Promise<Assessment> {
    const text = exactJson(document)
    if (text.length > limitOf('assessmentChars')) {
      throw overLimit('assessmentChars', `the assessment has ${text.length} characters`)
    }
    await queries.upsertAssessment(tx, traceId, id, text)
    return JSON.parse(text)
  }

  async function add(tx: Sql, traceId: string, hex: string, given: Assessment): Promise<Assessment> {
    const count = await queries.countAssessments(tx, traceId)
    if (count >= limitOf('listItems')) throw overLimit('listItems', `trace ${traceId} has ${count} assessments`)
    const at = now()
    const ours = { assessment_id: `a-${hex}`, trace_id: traceId, create_time: at, last_update_time: at, valid: true }
    return store(tx, traceId, `a-${hex}`, { ...given, ...ours })
  }

  /** An assessment that overrides another makes it invalid, for as long as it is there itself; false where there is none. */
  async function setValid(tx: Sql, traceId: string, id: unknown, valid: boolean): Promise<boolean> {
    const known = typeof id === 'string' ? await queries.selectAssessment(tx, traceId, id) : undefined
    if (known) await store(tx, traceId, String(id), { ...known, valid })
    return known !== undefined
  }

  return {
    async addAssessment(traceId: string, given: Assessment): Promise<Assessment> {
      await get(traceId)
      return sql.tx(async (tx) => {
        const { overrides } = given
        const isThere = !overrides || (await setValid(tx, traceId, overrides, false))
        if (!isThere) throw noAssessment(traceId, String(overrides))
        return add(tx, traceId, randomBytes(16).toString('hex'), given)
      })
    },
    /** What is told together with a trace: a client that heard no answer tells all of it once more, and it is kept once. */
    async addTold(tx: Sql, traceId: string, told: readonly Assessment[]): Promise<void> {
      for (const [place, given] of told.entries()) {
        const id = createHash('sha256')
          .update(exactJson([traceId, place, given]))
          .digest('hex')
          .slice(0, 32)
        if (await queries.selectAssessment(tx, traceId, `a-${id}`)) continue
        await setValid(tx, traceId, given.overrides, false)
        await add(tx, traceId, id, given)
      }
    },
    /** Only what the mask names is changed. */
    changeAssessment: (traceId: string, id: string, given: Assessment, mask: readonly string[]) =>
      sql.tx(async (tx) => {
        const known = await queries.selectAssessment(tx, traceId, id)
        if (!known) throw noAssessment(traceId, id)
        const named = mask.filter((field) => CHANGEABLE.includes(field))
        const changed = Object.fromEntries(named.map((field) => [field, given[field]]))
        return store(tx, traceId, id, { ...known, ...changed, last_update_time: now() })
      }),
    async getAssessment(traceId: string, id: string): Promise<Assessment> {
      const found = await queries.selectAssessment(sql, traceId, id)
      if (!found) throw noAssessment(traceId, id)
      return found
    },
    deleteAssessment: (traceId: string, id: string): Promise<void> =>
      sql.tx(async (tx) => {
        const known = await queries.selectAssessment(tx, traceId, id)
        if (!known || !(await queries.deleteAssessment(tx, traceId, id))) throw noAssessment(traceId, id)
        await setValid(tx, traceId, known.overrides, true)
      }),
  }
}

const CHANGEABLE = ['assessment_name', 'expectation', 'feedback', 'rationale', 'metadata', 'valid']

function noAssessment(traceId: string, id: string): PlatformError {
  return new PlatformError(
    'not_found',
    `Assessment with ID '${id.slice(0, 60)}' not found for trace '${traceId.slice(0, 60)}'`,
  )
}
