#!/usr/bin/env node
import module from 'node:module'
import { fileURLToPath } from 'node:url'

// Node 22 and later keep what they compiled, in our own folder (nobody else writes there). Where we may not write either,
// nothing is kept; NODE_COMPILE_CACHE names another place.
const kept = fileURLToPath(new URL('../.cache/compiled', import.meta.url))
module.enableCompileCache?.(process.env.NODE_COMPILE_CACHE || kept)

// Node 21 and later have it. Without it `pg` loads Node's whole HTTP client to find out that this is no Cloudflare worker.
globalThis.navigator ??= { userAgent: `Node.js/${process.versions.node.split('.')[0]}` }

const { main } = await import('../dist/cli/main.js')

process.exitCode = await main(process.argv.slice(2))
