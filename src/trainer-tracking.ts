import { randomBytes } from 'node:crypto'
import type { Log } from './base/log.ts'
import { weirVersion } from './base/version.ts'
import type { Settings } from './config/settings.ts'
import { oneToken } from './identity/access.ts'
import { actorNow } from './identity/principal.ts'
import type { Tracking } from './tracking/tracking.ts'

/**
 * MLflow's tracking API for one trainer: on the loopback, at a port that is free, behind a token that nobody else knows. So a
 * training needs no server beside it, and the trainer reaches nothing but tracking: no model is registered by it.
 */
export async function openTrainerTracking({
  tracking,
  settings,
  log,
}: {
  tracking: Tracking
  settings: Settings
  log: Log
}) {
  const [{ createServer }, { trackingRoutes }] = await Promise.all([
    import('./http/server.ts'),
    import('./tracking/routes.ts'),
  ])
  const token = randomBytes(32).toString('hex')
  const { listen, close } = await createServer({
    routes: [trackingRoutes(tracking, { artifactBytesMax: settings.artifactBytesMax })],
    host: '127.0.0.1',
    port: 0,
    // What the trainer logs is logged by whoever trains.
    access: oneToken(token, actorNow()),
    stopMs: TRAINER_STOP_MS,
    log,
    version: await weirVersion(),
  })
  return { url: await listen(), token, close }
}

/** The trainer is over: nobody waits for an answer any more. */
const TRAINER_STOP_MS = 1_000
