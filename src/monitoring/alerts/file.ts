import { appendFile, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Door } from './message.ts'

/** A line of JSON for each message. The file is one of the settings. */
export function fileDoor(path: string): Door {
  return async (_channel, message) => {
    await mkdir(dirname(path), { recursive: true })
    await appendFile(path, `${JSON.stringify(message)}\n`)
  }
}
