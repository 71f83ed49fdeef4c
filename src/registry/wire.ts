/** How models and versions look to MLflow's clients: times as numbers, the version as text, unset fields left out. */
import type { RegisteredModel } from './models.ts'
import type { Transition } from './queries/history.ts'
import type { ModelVersion } from './versions.ts'

export function modelJson(model: RegisteredModel): object {
  return {
    name: model.name,
    creation_timestamp: model.creationMs,
    last_updated_timestamp: model.lastUpdateMs,
    description: model.description === '' ? undefined : model.description,
    latest_versions: listOrNothing(model.latestVersions.map(versionJson)),
    tags: tagsJson(model.tags),
    aliases: listOrNothing(model.aliases.map(({ alias, version }) => ({ alias, version: String(version) }))),
  }
}

export function versionJson(version: ModelVersion): object {
  return {
    name: version.name,
    version: String(version.version),
    creation_timestamp: version.creationMs,
    last_updated_timestamp: version.lastUpdateMs,
    current_stage: version.stage,
    // Also where it is empty, as MLflow: its client 3 tells that from one that is not there.
    description: version.description,
    source: version.source,
    run_id: version.runId ?? undefined,
    run_link: version.runLink ?? undefined,
    status: version.status,
    status_message: version.statusMessage ?? undefined,
    tags: tagsJson(version.tags),
    aliases: listOrNothing(version.aliases),
  }
}

export function transitionJson(transition: Transition): object {
  const { version, kind, from, to, actor, comment, atMs } = transition
  return {
    version: String(version),
    kind,
    from: from ?? undefined,
    to: to ?? undefined,
    actor,
    comment: comment ?? undefined,
    timestamp: atMs,
  }
}

function tagsJson(tags: Record<string, string>): object[] | undefined {
  return listOrNothing(Object.entries(tags).map(([key, value]) => ({ key, value })))
}

function listOrNothing<T>(list: T[]): T[] | undefined {
  return list.length > 0 ? list : undefined
}
