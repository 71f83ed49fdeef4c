/**
 * Another MLflow server (`tracking: 'http://…'` in the project) instead of our own: runs are logged there, models
 * registered and loaded there, by its REST protocol, with the same functions that our own tracking and registry have.
 *
 * Owns no table. Invariants:
 * - Only the address that the project names is ever called (rest.ts).
 * - What a flow's step does again after a crash comes to the same: a run is known by the id that was pinned for it, kept
 *   in a tag, since the other server gives ids of its own; a version by its run.
 * - Every call has a time limit, and none outlives `close`.
 * - A model's files come from the server's artifact proxy; a server that hands out other addresses is refused.
 */
import type { RegistryApi } from '../registry/registry.ts'
import type { TrackingApi } from '../tracking/tracking.ts'
import { remoteRegistry } from './registry.ts'
import { createRest, type RemoteServer, type RestOptions } from './rest.ts'
import { remoteTracking } from './tracking.ts'

export type { RemoteServer }

export function createRemoteMlflow(
  server: RemoteServer,
  options: RestOptions = {},
): { tracking: TrackingApi; registry: RegistryApi; close(): void } {
  const rest = createRest(server, options)
  return { tracking: remoteTracking(rest), registry: remoteRegistry(rest), close: rest.close }
}
