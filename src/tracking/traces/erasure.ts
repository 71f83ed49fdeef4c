import { PlatformError } from '../../base/errors.ts'
import { mentions } from '../../base/mentions.ts'
import type { Sql } from '../../db/sql.ts'
import type { createArtifacts } from '../artifacts.ts'
import * as queries from './queries.ts'

type Deps = {
  sql: Sql
  artifacts: Pick<ReturnType<typeof createArtifacts>, 'read'>
  removeAll(ids: readonly string[], experimentId: string | null): Promise<number>
}

/** Shorter parts of a key are found in counts and times: these count only where a value is just that. */
const CHARS_SURE = 5

/**
 * What traces say of a person. A program may have written anything into one, so all of it is looked through: its rows and
 * its spans, and the texts of these that are JSON themselves. A trace that names every part of the key is removed whole.
 */
export function createTraceErasure({ sql, artifacts, removeAll }: Deps) {
  async function holds(trace: queries.TraceRow, key: readonly string[]): Promise<boolean> {
    const { tags, metadata, assessments, clientRequestId, requestPreview, responsePreview } = trace
    const rows = [tags, metadata, assessments, clientRequestId, requestPreview, responsePreview]
    const documents = [...rows, await spansOf(tags['mlflow.artifactLocation'] ?? '')]
    return key.length > 0 && key.every((part) => documents.some((document) => names(document, part)))
  }

  async function spansOf(uri: string): Promise<unknown> {
    try {
      return (await artifacts.read(uri, 'traces.json')).toString('utf8')
    } catch (error) {
      if (error instanceof PlatformError && error.code === 'not_found') return null
      throw error
    }
  }

  async function* holding(key: readonly string[]): AsyncGenerator<string> {
    for (let after = ''; ; ) {
      const ids = await queries.selectIdsAfter(sql, after, PART)
      for (const trace of await queries.selectTraces(sql, ids)) if (await holds(trace, key)) yield trace.traceId
      if (ids.length < PART) return
      after = ids.at(-1)!
    }
  }

  return {
    async find(key: readonly string[]): Promise<string[]> {
      const found: string[] = []
      for await (const id of holding(key)) found.push(id)
      return found
    },
    async erase(key: readonly string[]): Promise<string[]> {
      const gone: string[] = []
      for await (const id of holding(key)) {
        await removeAll([id], null)
        gone.push(id)
      }
      return gone
    },
  }
}

const PART = 100

/** Whether a document names a part of a key. Without calling itself: what a program wrote may be of any depth. */
export function names(document: unknown, part: string): boolean {
  const left: unknown[] = [document]
  while (left.length > 0) {
    const value = left.pop()
    if (typeof value === 'string') {
      if (value === part || (part.length >= CHARS_SURE && mentions(value, part))) return true
      left.push(jsonIn(value))
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value)) {
        if (name === part && !Array.isArray(value)) return true
        left.push(inner)
      }
    } else if (typeof value === 'number' && String(value) === part) return true
  }
  return false
}

/** Attributes of spans are JSON inside JSON. */
function jsonIn(text: string): unknown {
  if (!/^\s*["[{]/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
