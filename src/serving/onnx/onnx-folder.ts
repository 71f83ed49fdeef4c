/** The folder of an ONNX model as a client of MLflow logged it: its file, its signature, and what else its MLmodel says. */
import { PlatformError } from '../../base/errors.ts'
import type { Label } from '../../ml/model/outcome.ts'
import { limitOf } from '../../wire/limits.ts'

export type OnnxFolder = {
  bytes: Uint8Array
  /** The columns of its signature in their order; null where it has none, or none with names. */
  columns: string[] | null
  /** From `metadata` of log_model: the labels in the order of the probabilities, and from which one on the second is said. */
  classes: Label[] | null
  threshold: number | null
}

type Read = (source: string, path: string) => Promise<Uint8Array>

/** Undefined where the folder is of ours, by its MLmodel or for want of one; refuses (conflict) what has neither our file nor ONNX. */
export async function findOnnxFolder(read: Read, source: string): Promise<OnnxFolder | undefined> {
  const told = await mlmodelOf(read, source)
  if (told === undefined) return undefined
  // What is wrong with our own file is told by whoever reads it: never is another one taken in its place.
  if (told.flavors?.weir !== undefined) return undefined
  requireOnnx(told, source)
  const path = told.flavors?.onnx?.data ?? 'model.onnx'
  if (typeof path !== 'string' || path.startsWith('/') || path.split('/').includes('..')) {
    throw new PlatformError('conflict', `${source}/MLmodel names an ONNX file outside of its folder`)
  }
  const bytes = await read(source, path)
  if (bytes.length > limitOf('modelBytes'))
    throw new PlatformError(
      'conflict',
      `${source}/${path} has ${bytes.length} bytes; at most ${limitOf('modelBytes')} (limit modelBytes)`,
    )
  const { classes, threshold } = (told.metadata ?? {}) as Record<string, unknown>
  return {
    bytes,
    columns: columnsOf(told.signature?.inputs),
    classes: Array.isArray(classes) ? (classes as Label[]) : null,
    threshold: typeof threshold === 'number' && threshold >= 0 && threshold <= 1 ? threshold : null,
  }
}

type Mlmodel = {
  flavors?: { weir?: unknown; onnx?: { data?: unknown } }
  signature?: { inputs?: unknown } | null
  metadata?: unknown
}

async function mlmodelOf(read: Read, source: string): Promise<Mlmodel | undefined> {
  const bytes = await read(source, 'MLmodel').catch(() => undefined)
  if (bytes === undefined) return undefined
  // Loaded where a version is: a start without one is faster.
  const { parse } = await import('yaml')
  try {
    return (parse(new TextDecoder().decode(bytes), { maxAliasCount: 0 }) ?? undefined) as Mlmodel | undefined
  } catch {
    return undefined
  }
}

function requireOnnx({ flavors }: Mlmodel, source: string): void {
  if (typeof flavors?.onnx === 'object' && flavors.onnx !== null) return
  const has = Object.keys(flavors ?? {}).join(', ') || 'none'
  throw new PlatformError(
    'conflict',
    `${source} has neither a model.weir nor the flavor onnx of MLflow (it has ${has}); log it with mlflow.onnx.log_model: nothing else is run here`,
  )
}

function columnsOf(inputs: unknown): string[] | null {
  if (typeof inputs !== 'string') return null
  try {
    const columns = JSON.parse(inputs) as { name?: unknown; type?: unknown }[]
    const names = columns.map(({ name, type }) => (type === 'tensor' ? undefined : name))
    return names.every((name) => typeof name === 'string') ? (names as string[]) : null
  } catch {
    return null
  }
}
