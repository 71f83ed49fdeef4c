import { PlatformError } from '../base/errors.ts'
import type { Tracking } from '../tracking/tracking.ts'
import type { VersionRow } from './queries/versions.ts'
import { isOwn } from './source.ts'

type Field = { name: string; type: string; optional: boolean }

export type VersionDetails = ReturnType<typeof createVersionDetails>

const PLOT = /\.svg$/
const PARAMS_MAX = 500

/** What is known of a version beside its row: by its run and its files, where they are there. */
export function createVersionDetails({ runs, artifacts }: Pick<Tracking, 'runs' | 'artifacts'>) {
  async function of({ runId, location }: VersionRow) {
    const run = runId ? await runs.get(runId).catch(absent) : undefined
    const [files, signature] = await Promise.all([
      run ? artifacts.listBelow(run.artifactUri).catch(absent) : undefined,
      isOwn(location) ? artifacts.read(location, 'MLmodel').then(signatureIn).catch(absent) : undefined,
    ])
    const names = (files ?? []).map(({ path }) => path)
    return {
      experiment_id: run?.experimentId ?? null,
      run_name: run?.name ?? null,
      signature: signature ?? null,
      metrics: (run?.metrics ?? []).map(({ key, value }) => ({
        metric: key,
        value: Number.isFinite(value) ? value : null,
      })),
      params: (run?.params ?? []).slice(0, PARAMS_MAX).map(({ key, value }) => ({ key, value })),
      plots: names.filter((name) => PLOT.test(name)),
      has_card: names.includes('model_card.md'),
    }
  }

  /** The comparison on the same rows that its training made, where it was with this champion. */
  async function comparison({ runId }: VersionRow, champion: number | null): Promise<unknown> {
    if (runId === null || champion === null) return null
    const run = await runs.get(runId).catch(absent)
    const text = run && (await artifacts.read(run.artifactUri, 'champion_comparison.json').then(String).catch(absent))
    if (text === undefined) return null
    const found = parsed(text)
    return (found as { version?: unknown } | null)?.version === champion ? found : null
  }

  return { of, comparison }
}

/** The inputs and outputs that an MLmodel file says; nothing where it says none that we can read. */
async function signatureIn(bytes: Buffer): Promise<{ inputs: Field[]; outputs: Field[] } | undefined> {
  const { parse } = await import('yaml')
  const said = (parse(bytes.toString('utf8')) as { signature?: { inputs?: unknown; outputs?: unknown } } | null)
    ?.signature
  if (!said) return undefined
  return { inputs: fieldsIn(said.inputs), outputs: fieldsIn(said.outputs) }
}

function fieldsIn(text: unknown): Field[] {
  const fields = typeof text === 'string' ? parsed(text) : null
  if (!Array.isArray(fields)) return []
  return fields.map((field: { name?: unknown; type?: unknown; required?: unknown }) => ({
    name: String(field.name ?? ''),
    type: typeof field.type === 'string' ? field.type : JSON.stringify(field.type),
    optional: field.required === false,
  }))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** A run or a file that is gone, or a file that is not what its name says, is nothing that is known. */
function absent(error: unknown): undefined {
  if (error instanceof PlatformError && ['not_found', 'file_gone', 'invalid_argument', 'corrupt'].includes(error.code))
    return undefined
  if (error instanceof Error && error.name.startsWith('YAML')) return undefined
  throw error
}
