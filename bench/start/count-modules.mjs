// Preloaded (node --import): how many files the process loads, as one line on stderr at its end.
import { Module, register } from 'node:module'

const shared = new Int32Array(new SharedArrayBuffer(4))
const hooks = `let count
export const initialize = (shared) => { count = shared }
export async function load(url, context, next) {
  if (url.startsWith('file:')) Atomics.add(count, 0, 1)
  return next(url, context)
}`
register(`data:text/javascript,${encodeURIComponent(hooks)}`, import.meta.url, { data: shared })
process.on('exit', () => {
  process.stderr.write(`modules ${Atomics.load(shared, 0)} ${Object.keys(Module._cache).length}\n`)
})
