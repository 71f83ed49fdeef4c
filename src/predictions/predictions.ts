/**
 * Predictions: the log of what models answered. For each key its features with their statuses and moments, the version, run
 * and arm, what was said, the score, the latency, the request; for a refusal its code.
 *
 * Owns the schema `predictions`. Invariants:
 * - Off the way of an answer: it goes into memory, and from there in batches into the table. Memory is bounded; what comes
 *   beyond it is dropped, counted and told. Where a model's log is durable, an answer waits for its commit instead.
 * - A server that is killed loses at most the answers of its last two seconds, while the database answers; with `durable` none. A
 *   stop in good order loses none. A batch whose commit was not heard of is not written twice.
 * - Rows lie in one partition for each model and month in UTC, made ahead; old months go as whole partitions.
 * - Answers for somebody who was taken out do not come in, also not out of a server's memory, and those that are there go.
 * - No key and no value is ever told in a log, a metric or an error.
 * - An answer without a key (rows of the caller's own values) is not kept: nobody could be taken out of it.
 *
 * Doors: answer.ts, routes.ts.
 */
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Project } from '../config/project.ts'
import type { Database } from '../db/sql.ts'
import type { Features } from '../features/features.ts'
import type { DuckSession } from '../lake/duck.ts'
import type { Lake } from '../lake/lake.ts'
import type { Answered, AnswerFilter, AnswerPlace, AnswerWindow, LoggedAnswer } from './answer.ts'
import { askedWith } from './asked-with.ts'
import { type CountedAnswers, countAnswers } from './count.ts'
import { createPredictionsErasure, type PredictionsErasure } from './erase.ts'
import { keyPlacesOf } from './key-ways.ts'
import { type AnswerPage, readAll, readPage } from './read.ts'
import { dropOldMonths, KEEP_MONTHS, type RetentionReport } from './retention.ts'
import { createShapes } from './shapes.ts'
import { type AnswerTable, fillTable } from './table.ts'
import { createWriter, type LogEvents } from './writer.ts'

export type {
  Answered,
  AnswerFilter,
  AnswerPlace,
  AnswerTable,
  AnswerWindow,
  CountedAnswers,
  LoggedAnswer,
  RetentionReport,
}

export type PredictionsDeps = {
  sql: Database
  lake: Pick<Lake, 'suppressions' | 'withScratch'>
  features: Pick<Features, 'service'>
  project: Project
  clock: Clock
  log: Log
}

export type Predictions = {
  /** Never throws and never waits. Gives a promise only where the answer must wait for its commit; it rejects where that failed. */
  append(rows: readonly Answered[]): void | Promise<void>
  /** The newest first. */
  page(filter: AnswerFilter, page: { limit: number; before?: AnswerPlace | null }): Promise<AnswerPage>
  /** All of them in the order of their moments, some thousands at a time. */
  read(filter: AnswerFilter, pageRows?: number): AsyncGenerator<LoggedAnswer[]>
  /** A window as a temporary table of a DuckDB session; see table.ts. */
  table(duck: DuckSession, name: string, window: AnswerWindow): Promise<AnswerTable>
  /** How many, by model, version and arm. */
  counts(filter: AnswerFilter): Promise<CountedAnswers[]>
  /** Makes the partitions of this month and the next ones, for all models of the project. */
  makeAhead(): Promise<void>
  /** Drops the months that are not kept. */
  dropOld(options: { dryRun: boolean }): Promise<RetentionReport>
  erasure: PredictionsErasure
  /** Who counts what happens; a server names its metrics. */
  watch(events: LogEvents): void
  /** Writes what waits; false where the database did not take it in time. */
  flush(): Promise<boolean>
  close(): Promise<void>
}

const NOBODY: LogEvents = { written() {}, lost() {}, waiting() {} }

export function createPredictions(deps: PredictionsDeps): Predictions {
  const { sql, lake, project, clock, log } = deps
  const { shapeOf, rowKeysOf } = askedWith(project, deps.features)
  const shapes = createShapes(sql)
  const logOf = (model: string) => project.models.find(({ name }) => name === model)?.serving.log
  let events = NOBODY
  const writer = createWriter({
    sql,
    shapes,
    suppressions: lake.suppressions,
    log,
    shapeOf,
    placesOf: (keys) => keyPlacesOf(project, keys),
    isKept: (model) => logOf(model)?.enabled !== false,
    isDurable: (model) => logOf(model)?.durable === true,
    events: () => events,
  })
  const reading = { sql, shapes }
  return {
    append: writer.append,
    page: (filter, page) => readPage(reading, filter, page),
    read: (filter, pageRows) => readAll(reading, filter, pageRows),
    table: (duck, name, window) => fillTable({ ...reading, withScratch: lake.withScratch }, duck, name, window),
    counts: (filter) => countAnswers(reading, filter),
    makeAhead: () =>
      writer.makeAhead(
        project.models.map(({ name }) => name),
        clock.nowMs(),
      ),
    dropOld: ({ dryRun }) => {
      const keepMonthsOf = (model: string) => {
        const kept = logOf(model)
        return kept === undefined ? KEEP_MONTHS : kept.keepMonths
      }
      return dropOldMonths({ sql, shapes, keepMonthsOf }, { nowMs: clock.nowMs(), dryRun })
    },
    erasure: createPredictionsErasure({ sql, shapes, project, rowKeysOf }),
    watch(told) {
      events = told
    },
    flush: writer.flush,
    close: writer.close,
  }
}
