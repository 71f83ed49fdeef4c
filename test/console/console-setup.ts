import { rm } from 'node:fs/promises'
import { folderOf } from './console-home.ts'

/** Removes the home that the files of one run had in common. The database goes with those of the run. */
export default function setup(): () => Promise<void> {
  return () => rm(folderOf(process.pid), { recursive: true, force: true })
}
