import { addMs, type Instant } from '../base/instant.ts'
import type { Project } from '../config/project.ts'
import type { Sql } from '../db/sql.ts'
import { fireTrigger } from '../flows/schedules/triggers.ts'
import type { Taken } from '../ingest/ingest.ts'

/** What a delivery means to schedules, in its transaction: its sources came, and labels in it are mature from a moment on. */
export function tellTaken({ labels }: Pick<Project, 'labels'>): (tx: Sql, taken: Taken) => Promise<void> {
  return async (tx, { delivery, asOf, snapshots }) => {
    for (const { source, id, version } of snapshots) {
      const details = { period: asOf, delivery, version, snapshot: id }
      await fireTrigger(tx, { kind: 'delivery', subject: source, id, details })
      for (const label of labels.filter((label) => label.source === source)) {
        const from = addMs(asOf, label.horizonMs)
        await fireTrigger(tx, { kind: 'labels', subject: label.name, id: `${label.name}:${id}`, details, from })
      }
    }
  }
}

type Withdrawn = { id: string; source: string; validAt: Instant; version: number }

export function tellWithdrawn(tx: Sql, { id, source, validAt, version }: Withdrawn): Promise<void> {
  return fireTrigger(tx, {
    ...{ kind: 'withdrawn', subject: source, id },
    details: { period: validAt, version, snapshot: id },
  })
}
