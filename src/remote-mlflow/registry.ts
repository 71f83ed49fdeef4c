import { PlatformError } from '../base/errors.ts'
import type { ModelVersion, RegistryApi } from '../registry/registry.ts'
import { isMissing, listOf, modelOf, versionOf } from './read.ts'
import type { Json, Rest } from './rest.ts'

const MODELS_MAX = 1000

export function remoteRegistry(rest: Rest): RegistryApi {
  async function getVersion(name: string, version: number): Promise<ModelVersion> {
    const answer = await rest.get('model-versions/get', { name, version: String(version) })
    return versionOf(answer.model_version as Json)
  }

  async function searchVersions(filter: string, { maxResults }: { maxResults: number }) {
    const query = { filter, max_results: String(maxResults) }
    const { model_versions } = await rest.get('model-versions/search', query)
    return listOf(model_versions).map(versionOf)
  }

  return {
    getVersion,
    async ensureModel(name) {
      await rest.postOnce('registered-models/create', { name }).catch((error: unknown) => {
        if (!(error instanceof PlatformError) || error.code !== 'already_exists') throw error
      })
    },
    async findVersionByRun(name, runId) {
      const found = await searchVersions(`name = '${quoted(name)}' and run_id = '${quoted(runId)}'`, {
        maxResults: 100,
      })
      // The lowest: the one that was made first.
      return found.sort((a, b) => a.version - b.version)[0]
    },
    async createVersion({ name, source, runId, description, tags = {} }) {
      const pairs = Object.entries(tags).map(([key, value]) => ({ key, value }))
      const body = { name, source, run_id: runId, description, tags: pairs }
      return versionOf((await rest.postOnce('model-versions/create', body)).model_version as Json)
    },
    async inStage(name, stage) {
      const asked = rest.ask('registered-models/get-latest-versions', { name, stages: [stage] })
      const [found] = listOf((await asked.catch(isMissing))?.model_versions)
      if (!found) return undefined
      const version = versionOf(found)
      if (version.source.startsWith('mlflow-artifacts:')) return version
      // `models:/m-ID` and `runs:/…` are names of the place.
      const query = { name, version: String(version.version) }
      const { artifact_uri } = await rest.get('model-versions/get-download-uri', query)
      return { ...version, location: String(artifact_uri) }
    },
    // MLflow keeps no history: a version that is archived has most likely been there.
    async wasInProduction(name) {
      const found = await searchVersions(`name = '${quoted(name)}'`, { maxResults: 10_000 })
      return found.some(({ stage }) => stage === 'Production' || stage === 'Archived')
    },
    async listModels() {
      const { registered_models } = await rest.get('registered-models/search', { max_results: String(MODELS_MAX) })
      return listOf(registered_models).map(modelOf)
    },
    async getModel(name) {
      return modelOf((await rest.get('registered-models/get', { name })).registered_model as Json)
    },
    async versionsOf(name) {
      const found = await searchVersions(`name = '${quoted(name)}'`, { maxResults: 10_000 })
      return found.sort((a, b) => a.version - b.version)
    },
    // MLflow keeps none.
    history: async () => [],
    async transition({ name, version, stage, archiveExisting }) {
      await rest.post('model-versions/transition-stage', {
        name,
        version: String(version),
        stage,
        archive_existing_versions: archiveExisting,
      })
      return getVersion(name, version)
    },
    async setAlias({ name, version, alias }) {
      await rest.post('registered-models/alias', { name, alias, version: String(version) })
      return getVersion(name, version)
    },
  }
}

function quoted(text: string): string {
  return text.replaceAll("'", "''")
}
