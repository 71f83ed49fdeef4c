/**
 * Which answer counts for an entity and a period: of one version and arm the last one that was given in the period (periods.ts) and
 * is known at K. Of answers that are given again and again the last one is what the entity was left with.
 */
import { PlatformError } from '../../base/errors.ts'
import { addMs, type Instant } from '../../base/instant.ts'
import type { LabelTable } from '../../features/offline/training-set.ts'
import type { DuckSession } from '../../lake/duck.ts'
import { ident, literal } from '../../lake/quote.ts'
import type { Predictions } from '../../predictions/predictions.ts'
import { ARMS, type ArmName } from '../../wire/arm-names.ts'
import type { Period } from './periods.ts'

export type AnswerGroup = { model: string; version: string; arm: ArmName }

/** By row: the score, what was said as text, and the label as text; null before labels came. */
export type CountedRows = { scores: Float64Array; said: string[]; labels: string[] | null }

type Log = Pick<Predictions, 'table' | 'counts'>
type Window = Period & { knownAt: Instant; horizonMs: number }

const TABLE = 'quality_answers'
const NEEDED = ['answered_at', 'answer_id', 'score', 'prediction']

/** Which versions and arms answered in the period. */
export async function answerGroups(log: Log, model: string, { at, until, knownAt }: Window): Promise<AnswerGroup[]> {
  const counted = await log.counts({ model, from: at, to: until, knownAt, refused: false })
  return counted
    .filter(({ answers }) => answers > 0)
    .map(({ version, arm }) => ({ model, version, arm }))
    .sort((a, b) => Number(a.version) - Number(b.version) || ARMS.indexOf(a.arm) - ARMS.indexOf(b.arm))
}

/** The last answer for each entity, before any label. */
export async function lastAnswers(session: DuckSession, log: Log, group: AnswerGroup, window: Window) {
  const keys = await readAnswers(session, log, group, window)
  const by = keys.map(ident).join(', ')
  return read(
    session,
    `SELECT score, prediction FROM (
       SELECT ${by}, score, prediction, row_number() OVER (PARTITION BY ${by} ORDER BY answered_at DESC, answer_id DESC) AS nth
       FROM ${TABLE}
     ) WHERE nth = 1 ORDER BY ${by}`,
  )
}

/** The last answer for each labelled row, which is in the answer's period; labels of nobody who was answered are left out. */
export async function labelledAnswers(labels: LabelTable, log: Log, group: AnswerGroup, window: Window) {
  const { session } = labels
  const keys = await readAnswers(session, log, group, window)
  if (keys.length !== labels.keys.length || keys.some((key, i) => key !== labels.keys[i]?.name)) {
    const message = `version ${group.version} of ${group.model} was asked by ${keys.join(', ')}, and labels are of ${labels.keys.map(({ name }) => name).join(', ')}`
    throw new PlatformError('conflict', message)
  }
  const same = keys.map((key, i) => `a.${ident(key)} = l.k${i}`).join(' AND ')
  // Labels that come as changes have a moment each, and a period of their own.
  const over =
    labels.changes && window.horizonMs > 0 ? ` AND a.answered_at < l.t + INTERVAL ${window.horizonMs} MILLISECOND` : ''
  return read(
    session,
    `SELECT score, prediction, label FROM (
       SELECT l.n, a.score, a.prediction, ${labels.labelSql} AS label,
         row_number() OVER (PARTITION BY l.n ORDER BY a.answered_at DESC, a.answer_id DESC) AS nth
       FROM entity_rows l JOIN ${TABLE} a ON ${same} AND a.answered_at >= l.t${over}
       WHERE l.t >= ${moment(window.at)} AND l.t < ${moment(window.until)}
     ) WHERE nth = 1 ORDER BY n`,
  )
}

/** How long after T a label of the period may be; of whole states it is T itself. */
export function labelsAsOf({ at, until, horizonMs, knownAt }: Window, changes: boolean): Instant {
  const last = addMs(changes ? until : at, horizonMs)
  return changes && last > knownAt ? knownAt : last
}

async function readAnswers(session: DuckSession, log: Log, group: AnswerGroup, window: Window): Promise<string[]> {
  const { at: from, until: to, knownAt } = window
  const { keys, features } = await log.table(session, TABLE, { ...group, from, to, knownAt })
  const taken = [...keys, ...features].find(({ name }) => NEEDED.includes(name.toLowerCase()))
  if (!taken) return keys.map(({ name }) => name)
  const message = `a feature or key of ${group.model} is called '${taken.name}', as the log's own column is: its answers cannot be measured; rename it`
  throw new PlatformError('unsupported', message)
}

async function read(session: DuckSession, sql: string): Promise<CountedRows> {
  const { columns } = await session.columns(sql)
  const [scores, said, labels] = columns
  return {
    scores: scores?.values instanceof Float64Array ? scores.values : new Float64Array(0),
    said: said ? Array.from<unknown, string>(said.values, String) : [],
    labels: labels ? Array.from<unknown, string>(labels.values, String) : null,
  }
}

function moment(instant: Instant): string {
  return `TIMESTAMPTZ ${literal(instant)}`
}
