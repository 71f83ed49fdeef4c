import { PlatformError } from '../base/errors.ts'
import type { Sql } from '../db/sql.ts'
import { proxyPathOf } from '../mlflow/artifact-uri.ts'
import type { createArtifacts } from './artifacts.ts'
import { selectTagged } from './queries/tagged.ts'

/** Where our own training puts a few rows of its training set, in MLflow's form. */
const EXAMPLE = 'model/input_example.json'
const TRAINING_SET = 'weir.training_set'

type Deps = { sql: Sql; artifacts: Pick<ReturnType<typeof createArtifacts>, 'read' | 'replace'> }

/**
 * The input examples of runs are rows of people. They have no key, so the only question that can be asked is which training
 * set they were taken from: when that goes, they go with it.
 */
export function createExamples({ sql, artifacts }: Deps) {
  async function read(uri: string): Promise<{ columns: unknown; data: unknown[] } | undefined> {
    try {
      const { columns, data } = JSON.parse((await artifacts.read(uri, EXAMPLE)).toString('utf8'))
      return Array.isArray(data) ? { columns, data } : undefined
    } catch (error) {
      // Not what was sealed: an erasure died between the digest and the file. Whatever it holds goes.
      if (error instanceof PlatformError && error.code === 'corrupt') return { columns: [], data: [null] }
      if (error instanceof SyntaxError || (error instanceof PlatformError && error.code === 'not_found'))
        return undefined
      throw error
    }
  }

  async function* filled(isGone: (trainingSet: string) => boolean) {
    for (const { runId, artifactUri, value } of await selectTagged(sql, TRAINING_SET)) {
      if (!isGone(value)) continue
      const example = await read(artifactUri)
      if (example && example.data.length > 0) yield { runId, artifactUri, example }
    }
  }

  return {
    /** Runs that still show rows of a training set for which `isGone` is true. */
    async find(isGone: (trainingSet: string) => boolean): Promise<string[]> {
      const found: string[] = []
      for await (const { runId } of filled(isGone)) found.push(runId)
      return found
    },
    /** Takes the rows out of them; the columns stay. */
    async empty(isGone: (trainingSet: string) => boolean): Promise<string[]> {
      const emptied: string[] = []
      for await (const { runId, artifactUri, example } of filled(isGone)) {
        const bytes = Buffer.from(JSON.stringify({ columns: example.columns, data: [] }))
        await artifacts.replace(`${proxyPathOf(artifactUri)}/${EXAMPLE}`, bytes)
        emptied.push(runId)
      }
      return emptied
    },
  }
}
