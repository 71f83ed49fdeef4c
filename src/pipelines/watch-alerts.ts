import type { Clock } from '../base/clock.ts'
import { LAST_INSTANT } from '../base/instant.ts'
import type { Log } from '../base/log.ts'
import type { Project } from '../config/project.ts'
import type { Settings } from '../config/settings.ts'
import type { Database } from '../db/sql.ts'
import type { Events } from '../events/events.ts'
import type { Features } from '../features/features.ts'
import type { Flows } from '../flows/flows.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { Lake } from '../lake/lake.ts'
import { type Alerts, createAlerts } from '../monitoring/alerts/alerts.ts'
import { createProbes } from '../monitoring/alerts/probes.ts'
import { notLoadedAt } from '../serving/servers.ts'

export type WatchDeps = {
  db: Database
  project: Project
  settings: Settings
  lake: Pick<Lake, 'previous'>
  ingest: Pick<Ingest, 'refusedSince'>
  features: Pick<Features, 'viewStates'>
  flows: Pick<Flows, 'failedSince'>
  events: Pick<Events, 'tell'>
  clock: Clock
  log: Log
}

/** The alerts of the project, with what the rooms say when they are asked. */
export function watchAlerts(deps: WatchDeps): Alerts {
  const { db, project, settings, lake, ingest, features, flows, events, clock, log } = deps
  const probes = createProbes({
    ...{ sql: db, clock, models: project.models.map(({ name }) => name) },
    views: features.viewStates,
    sources: () =>
      Promise.all(
        project.sources.map(async ({ name: source }) => {
          const newest = await lake.previous(source, LAST_INSTANT)
          return { source, recordedAt: newest?.recordedAt ?? null }
        }),
      ),
    notLoaded: (model) => notLoadedAt(db, model),
    failedFlows: flows.failedSince,
    refusedDeliveries: ingest.refusedSince,
  })
  return createAlerts({
    ...{ sql: db, project, probes, events, clock, log },
    settings: {
      webhooks: settings.alertWebhooks,
      smtpUrl: settings.smtpUrl,
      mailFrom: settings.mailFrom,
      file: settings.alertFile,
      link: `${addressOf(settings)}/#/watch`,
    },
  })
}

/** As people reach the server: by its public name where it has one. */
function addressOf({ publicHosts: [name], host, port }: Settings): string {
  if (name !== undefined) return /^https?:\/\//.test(name) ? name.replace(/\/+$/, '') : `https://${name}`
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}
